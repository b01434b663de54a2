//! The Dashboard: the pages for the people who administer a tenant.

pub mod quickstarts;
pub mod snippets;

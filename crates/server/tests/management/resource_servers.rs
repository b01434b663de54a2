//! `/api/v2/resource_servers`

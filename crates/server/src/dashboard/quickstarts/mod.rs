//! Quickstarts.

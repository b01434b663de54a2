//! `/api/v2/logs`

//! `/api/v2/clients`

//! `/api/v2/client_grants`

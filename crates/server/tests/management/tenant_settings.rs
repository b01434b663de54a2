//! `/api/v2/tenant_settings`

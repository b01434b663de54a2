-- The tenant log. In the order of tenant and time.
CREATE TABLE logs (
    tenant_id TEXT NOT NULL,
    log_id TEXT NOT NULL,
    type TEXT NOT NULL,
    logged_at BIGINT NOT NULL,
    entry TEXT NOT NULL,
    PRIMARY KEY (tenant_id, log_id)
);

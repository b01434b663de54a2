-- The tenant log. Clustered by tenant and time, so that appending touches one page.
CREATE TABLE logs (
    tenant_id TEXT NOT NULL,
    log_id TEXT NOT NULL,
    type TEXT NOT NULL,
    logged_at BIGINT NOT NULL,
    entry TEXT NOT NULL,
    PRIMARY KEY (tenant_id, log_id)
) WITHOUT ROWID;

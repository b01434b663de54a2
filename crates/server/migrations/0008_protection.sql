-- Failed logins, and who is kept out because of them.

CREATE TABLE login_failures (
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    identifier TEXT NOT NULL,
    ip TEXT NOT NULL,
    failures BIGINT NOT NULL,
    last_failed_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, identifier, ip)
);
CREATE INDEX login_failures_by_age ON login_failures (last_failed_at);

CREATE TABLE login_blocks (
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    identifier TEXT NOT NULL,
    ip TEXT NOT NULL,
    blocked_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, identifier, ip)
);

-- Token buckets of addresses: what is left of the attempts, in thousandths.
CREATE TABLE ip_throttles (
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    stage TEXT NOT NULL CHECK (stage IN ('login', 'signup')),
    ip TEXT NOT NULL,
    available BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, stage, ip)
);
CREATE INDEX ip_throttles_by_age ON ip_throttles (updated_at);

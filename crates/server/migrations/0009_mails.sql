-- Mails on their way, or kept for developers to read. They hold links that open accounts: sealed.

CREATE TABLE mails (
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    template TEXT NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    message BYTEA NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'kept', 'failed')),
    attempts BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX mails_in_order ON mails (tenant_id, created_at, id);
CREATE INDEX mails_due ON mails (next_attempt_at) WHERE state = 'waiting';

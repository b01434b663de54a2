-- How many tokens each signing key signed lately, in pieces of five minutes; and who changed the ring.

CREATE TABLE signing_key_uses (
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    kid TEXT NOT NULL,
    since BIGINT NOT NULL,
    tokens BIGINT NOT NULL,
    last_expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, kid, since)
);
CREATE INDEX signing_key_uses_by_age ON signing_key_uses (since);

-- JSON: a subject, and the application that acted. Nobody is known for what happened before.
ALTER TABLE signing_keys ADD COLUMN promoted_by TEXT;
ALTER TABLE signing_keys ADD COLUMN revoked_by TEXT;

-- What is there for few, found without reading the others.
CREATE INDEX clients_with_addons ON clients (tenant_id, client_id) WHERE addons IS NOT NULL;
CREATE INDEX resource_servers_with_secret ON resource_servers (tenant_id, id) WHERE signing_secret IS NOT NULL;
CREATE INDEX connections_with_secrets ON connections (tenant_id, id) WHERE secrets IS NOT NULL;
CREATE INDEX mails_with_message ON mails (tenant_id, id) WHERE state <> 'sent';
CREATE INDEX domains_of_tenant ON domains (tenant_id, domain);

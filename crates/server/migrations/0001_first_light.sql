-- The first schema. One text for SQLite and PostgreSQL: BIGINT milliseconds for time, JSON as TEXT, BYTEA
-- for sealed or DER bytes. What a row may never be, the schema refuses.

CREATE TABLE installation (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    seal_check BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE tenants (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    settings TEXT NOT NULL,
    policy TEXT NOT NULL,
    management_client_id TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE domains (
    domain TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    scheme TEXT NOT NULL CHECK (scheme IN ('http', 'https')),
    canonical BOOLEAN NOT NULL
);
CREATE UNIQUE INDEX domains_one_canonical ON domains (tenant_id) WHERE canonical;

-- The law of the key ring: a private half exists exactly as long as the key is not revoked; at most one
-- next and one current key by the partial index; at least one of each because key_rings points at them,
-- checked when the transaction commits.
CREATE TABLE signing_keys (
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    kid TEXT NOT NULL,
    place TEXT NOT NULL CHECK (place IN ('next', 'current', 'previous', 'revoked')),
    certificate BYTEA NOT NULL,
    private BYTEA,
    current_since BIGINT,
    current_until BIGINT,
    revoked_at BIGINT,
    farewell BYTEA,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, kid),
    UNIQUE (tenant_id, kid, place),
    CHECK ((private IS NOT NULL) = (place <> 'revoked')),
    CHECK ((revoked_at IS NOT NULL) = (place = 'revoked')),
    CHECK (farewell IS NULL OR place = 'revoked'),
    CHECK ((current_since IS NULL) = (place = 'next')),
    CHECK ((current_until IS NOT NULL) = (place IN ('previous', 'revoked')))
);
CREATE UNIQUE INDEX signing_keys_one_each ON signing_keys (tenant_id, place) WHERE place IN ('next', 'current');

CREATE TABLE key_rings (
    tenant_id TEXT PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
    current_kid TEXT NOT NULL,
    current_place TEXT NOT NULL DEFAULT 'current' CHECK (current_place = 'current'),
    next_kid TEXT NOT NULL,
    next_place TEXT NOT NULL DEFAULT 'next' CHECK (next_place = 'next'),
    version BIGINT NOT NULL,
    FOREIGN KEY (tenant_id, current_kid, current_place)
        REFERENCES signing_keys (tenant_id, kid, place) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (tenant_id, next_kid, next_place)
        REFERENCES signing_keys (tenant_id, kid, place) DEFERRABLE INITIALLY DEFERRED
);

-- One row a rotation, for the daily limit; forgotten after a day.
CREATE TABLE rotations (
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    promoted_kid TEXT NOT NULL,
    rotated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, promoted_kid)
);

CREATE TABLE connection_keys (
    tenant_id TEXT PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
    kid TEXT NOT NULL,
    certificate BYTEA NOT NULL,
    private BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE clients (
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    client_id TEXT NOT NULL,
    name TEXT NOT NULL,
    app_type TEXT,
    is_first_party BOOLEAN NOT NULL,
    is_global BOOLEAN NOT NULL,
    secret BYTEA,
    addons BYTEA,
    document TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, client_id)
);
CREATE INDEX clients_in_order ON clients (tenant_id, created_at, client_id);

CREATE TABLE client_credentials (
    tenant_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    id TEXT NOT NULL,
    kid TEXT,
    public_key BYTEA,
    document TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    expires_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, client_id) ON DELETE CASCADE
);
CREATE INDEX client_credentials_of_client ON client_credentials (tenant_id, client_id, created_at);
CREATE UNIQUE INDEX client_credentials_kid ON client_credentials (tenant_id, client_id, kid) WHERE kid IS NOT NULL;

CREATE TABLE resource_servers (
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    identifier TEXT NOT NULL,
    is_system BOOLEAN NOT NULL,
    signing_secret BYTEA,
    document TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, identifier)
);
CREATE INDEX resource_servers_in_order ON resource_servers (tenant_id, created_at, id);

CREATE TABLE client_grants (
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    client_id TEXT,
    audience TEXT NOT NULL,
    subject_type TEXT NOT NULL CHECK (subject_type IN ('client', 'user')),
    default_for TEXT,
    is_system BOOLEAN NOT NULL,
    document TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CHECK ((client_id IS NULL) <> (default_for IS NULL)),
    FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, client_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, audience) REFERENCES resource_servers (tenant_id, identifier) ON DELETE CASCADE
);
CREATE UNIQUE INDEX client_grants_one_each ON client_grants (tenant_id, client_id, audience, subject_type)
    WHERE client_id IS NOT NULL;
CREATE UNIQUE INDEX client_grants_one_default ON client_grants (tenant_id, default_for, audience, subject_type)
    WHERE default_for IS NOT NULL;
CREATE INDEX client_grants_in_order ON client_grants (tenant_id, created_at, id);
CREATE INDEX client_grants_of_api ON client_grants (tenant_id, audience);

-- Client assertions that were used, until they expire (RFC 7523 section 3, jti).
CREATE TABLE used_assertions (
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    client_id TEXT NOT NULL,
    jti TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, client_id, jti)
);
CREATE INDEX used_assertions_by_expiry ON used_assertions (expires_at);

-- What changed, in the order in which it was committed: the counter is taken last in each writing
-- transaction, so a reader that has seen n will never meet a smaller number later.
CREATE TABLE change_counter (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    last BIGINT NOT NULL
);
INSERT INTO change_counter (id, last) VALUES (1, 0);
CREATE TABLE change_notices (
    seq BIGINT PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    topic TEXT NOT NULL,
    subject TEXT NOT NULL,
    noticed_at BIGINT NOT NULL
);

-- Who is signed in, and what was given to applications for it. What a bearer presents is stored as a keyed
-- digest alone.

CREATE TABLE sessions (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    digest BYTEA NOT NULL,
    user_id TEXT NOT NULL,
    persistent BOOLEAN NOT NULL,
    authenticated_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    idle_expires_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, digest),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, user_id) ON DELETE CASCADE
);
CREATE INDEX sessions_of_user ON sessions (tenant_id, user_id, created_at, id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE session_clients (
    tenant_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, session_id, client_id),
    FOREIGN KEY (tenant_id, session_id) REFERENCES sessions (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, client_id) ON DELETE CASCADE
);
CREATE INDEX session_clients_of_client ON session_clients (tenant_id, client_id);

-- One row a family: the token that is good now, and the one before it for the leeway. The session may be over.
CREATE TABLE refresh_tokens (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    session_id TEXT,
    rotating BOOLEAN NOT NULL,
    generation BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    rotated_at BIGINT,
    issued_at BIGINT NOT NULL,
    last_exchanged_at BIGINT,
    idle_expires_at BIGINT,
    expires_at BIGINT,
    document TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, user_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, client_id) ON DELETE CASCADE
);
CREATE INDEX refresh_tokens_of_user ON refresh_tokens (tenant_id, user_id, client_id, issued_at);
CREATE INDEX refresh_tokens_of_client ON refresh_tokens (tenant_id, client_id);
CREATE INDEX refresh_tokens_of_session ON refresh_tokens (tenant_id, session_id);

-- A used code stays until it expires: using it again revokes what it gave.
CREATE TABLE authorization_codes (
    tenant_id TEXT NOT NULL,
    digest BYTEA NOT NULL,
    client_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    session_id TEXT,
    refresh_token_id TEXT,
    document TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (tenant_id, digest),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, user_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, client_id) ON DELETE CASCADE
);
CREATE INDEX authorization_codes_by_expiry ON authorization_codes (expires_at);

-- A login that is under way in one browser.
CREATE TABLE login_transactions (
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    digest BYTEA NOT NULL,
    document TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, digest)
);
CREATE INDEX login_transactions_by_expiry ON login_transactions (expires_at);

-- Pushed authorization requests (RFC 9126).
CREATE TABLE pushed_requests (
    tenant_id TEXT NOT NULL,
    digest BYTEA NOT NULL,
    client_id TEXT NOT NULL,
    document TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, digest),
    FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, client_id) ON DELETE CASCADE
);
CREATE INDEX pushed_requests_by_expiry ON pushed_requests (expires_at);

-- Device authorization (RFC 8628).
CREATE TABLE device_codes (
    tenant_id TEXT NOT NULL,
    digest BYTEA NOT NULL,
    user_code TEXT NOT NULL,
    client_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'denied')),
    user_id TEXT,
    session_id TEXT,
    document TEXT NOT NULL,
    last_polled_at BIGINT,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, digest),
    UNIQUE (tenant_id, user_code),
    CHECK ((user_id IS NOT NULL) = (state = 'approved')),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, user_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, client_id) ON DELETE CASCADE
);
CREATE INDEX device_codes_by_expiry ON device_codes (expires_at);

-- What a user allowed an application (Auth0's grants).
CREATE TABLE user_grants (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    audience TEXT NOT NULL,
    scope TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, user_id, client_id, audience),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, user_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, client_id) ON DELETE CASCADE
);
CREATE INDEX user_grants_in_order ON user_grants (tenant_id, created_at, id);

-- Links that are mailed or handed out: verify an address, change a password, lift a block. Each counts once.
CREATE TABLE tickets (
    tenant_id TEXT NOT NULL,
    digest BYTEA NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('email-verification', 'password-change', 'unblock')),
    user_id TEXT NOT NULL,
    document TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (tenant_id, digest),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, user_id) ON DELETE CASCADE
);
CREATE INDEX tickets_of_user ON tickets (tenant_id, user_id, kind);
CREATE INDEX tickets_by_expiry ON tickets (expires_at);

-- Logout tokens that applications still have to be told (OpenID Connect Back-Channel Logout).
CREATE TABLE logout_deliveries (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    url TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, client_id) ON DELETE CASCADE
);
CREATE INDEX logout_deliveries_due ON logout_deliveries (next_attempt_at);

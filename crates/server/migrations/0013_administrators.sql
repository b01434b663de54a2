-- Who may use the Dashboard. An administrator is a user as well, of a connection that no application but the Dashboard
-- may use: passwords, blocks and sessions are those of users.

CREATE TABLE administrators (
    tenant_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    role TEXT NOT NULL,
    invited_by TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, user_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, user_id) ON DELETE CASCADE
);

-- Links that make somebody an administrator, each once: a used one is deleted. One without an end is the link of the
-- first start.
CREATE TABLE administrator_invitations (
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    digest BYTEA NOT NULL,
    email TEXT,
    role TEXT NOT NULL,
    invited_by TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, digest)
);
CREATE INDEX administrator_invitations_by_expiry ON administrator_invitations (expires_at);

-- Who is signed in to the Dashboard. The browser holds a value of which only a keyed digest is here. The end moves on
-- with each use, and never beyond a day after the beginning.
CREATE TABLE dashboard_sessions (
    tenant_id TEXT NOT NULL,
    digest BYTEA NOT NULL,
    user_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (tenant_id, digest),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, user_id) ON DELETE CASCADE
);
CREATE INDEX dashboard_sessions_of_user ON dashboard_sessions (tenant_id, user_id);
CREATE INDEX dashboard_sessions_by_expiry ON dashboard_sessions (expires_at);

-- As what an identity provider knows the user of a session: a logout speaks of the same.
CREATE TABLE upstream_sessions (
    tenant_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (tenant_id, session_id),
    FOREIGN KEY (tenant_id, session_id) REFERENCES sessions (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX upstream_sessions_of_connection ON upstream_sessions (tenant_id, connection_id);

-- Where users come from. Secret options are sealed apart from the document.

CREATE TABLE connections (
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    strategy TEXT NOT NULL,
    secrets BYTEA,
    document TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name)
);
CREATE INDEX connections_in_order ON connections (tenant_id, created_at, id);

-- Which applications may use which connection.
CREATE TABLE connection_clients (
    tenant_id TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, connection_id, client_id),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, client_id) ON DELETE CASCADE
);
CREATE INDEX connection_clients_of_client ON connection_clients (tenant_id, client_id, connection_id);

-- Tenants from before get the database connection that new ones start with.
INSERT INTO connections (tenant_id, id, name, strategy, secrets, document, created_at, updated_at)
    SELECT id, 'con_' || substr(id, 5, 16), 'Username-Password-Authentication', 'auth0', NULL, '{}', created_at, created_at
    FROM tenants;
INSERT INTO connection_clients (tenant_id, connection_id, client_id)
    SELECT c.tenant_id, k.id, c.client_id FROM clients c JOIN connections k ON k.tenant_id = c.tenant_id;

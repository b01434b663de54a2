-- The keys of connections live in rings, as the application signing keys do: one ring for all connections of a tenant
-- (its owner is 'tenant'), and one for each connection that proves itself with keys of its own (its owner is the id).

ALTER TABLE connection_keys RENAME TO connection_keys_before;

CREATE TABLE connection_keys (
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    owner TEXT NOT NULL,
    connection_id TEXT,
    kid TEXT NOT NULL,
    place TEXT NOT NULL CHECK (place IN ('next', 'current', 'previous', 'revoked')),
    algorithm TEXT,
    certificate BYTEA NOT NULL,
    private BYTEA,
    current_since BIGINT,
    current_until BIGINT,
    revoked_at BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, owner, kid),
    UNIQUE (tenant_id, owner, kid, place),
    CHECK (owner = COALESCE(connection_id, 'tenant')),
    CHECK ((algorithm IS NULL) = (connection_id IS NULL)),
    CHECK ((private IS NOT NULL) = (place <> 'revoked')),
    CHECK ((revoked_at IS NOT NULL) = (place = 'revoked')),
    CHECK ((current_since IS NULL) = (place = 'next')),
    CHECK ((current_until IS NOT NULL) = (place IN ('previous', 'revoked'))),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX connection_keys_one_each ON connection_keys (tenant_id, owner, place) WHERE place IN ('next', 'current');
CREATE INDEX connection_keys_of_connection ON connection_keys (tenant_id, connection_id);

-- At least one next and one current key, checked when the transaction commits.
CREATE TABLE connection_key_rings (
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    owner TEXT NOT NULL,
    connection_id TEXT,
    current_kid TEXT NOT NULL,
    current_place TEXT NOT NULL DEFAULT 'current' CHECK (current_place = 'current'),
    next_kid TEXT NOT NULL,
    next_place TEXT NOT NULL DEFAULT 'next' CHECK (next_place = 'next'),
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, owner),
    CHECK (owner = COALESCE(connection_id, 'tenant')),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, owner, current_kid, current_place)
        REFERENCES connection_keys (tenant_id, owner, kid, place) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (tenant_id, owner, next_kid, next_place)
        REFERENCES connection_keys (tenant_id, owner, kid, place) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX connection_key_rings_of_connection ON connection_key_rings (tenant_id, connection_id);

-- The key that a tenant has goes on as its current one. The next one is made when the keys are first needed: until
-- then there is no ring.
INSERT INTO connection_keys (tenant_id, owner, kid, place, certificate, private, current_since, created_at)
    SELECT tenant_id, 'tenant', kid, 'current', certificate, private, created_at, created_at FROM connection_keys_before;
DROP TABLE connection_keys_before;

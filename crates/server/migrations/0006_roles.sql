-- Roles, what they permit at APIs, and who has them. Names are found without regard to case by a column of their own.

CREATE TABLE roles (
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    folded_name TEXT NOT NULL,
    description TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name)
);
CREATE INDEX roles_in_order ON roles (tenant_id, created_at, id);

CREATE TABLE role_permissions (
    tenant_id TEXT NOT NULL,
    role_id TEXT NOT NULL,
    audience TEXT NOT NULL,
    permission TEXT NOT NULL,
    PRIMARY KEY (tenant_id, role_id, audience, permission),
    FOREIGN KEY (tenant_id, role_id) REFERENCES roles (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, audience) REFERENCES resource_servers (tenant_id, identifier) ON DELETE CASCADE
);
CREATE INDEX role_permissions_of_api ON role_permissions (tenant_id, audience);

CREATE TABLE user_roles (
    tenant_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    role_id TEXT NOT NULL,
    assigned_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, user_id, role_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, user_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, role_id) REFERENCES roles (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX user_roles_of_role ON user_roles (tenant_id, role_id, assigned_at, user_id);

CREATE TABLE user_permissions (
    tenant_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    audience TEXT NOT NULL,
    permission TEXT NOT NULL,
    PRIMARY KEY (tenant_id, user_id, audience, permission),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, user_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, audience) REFERENCES resource_servers (tenant_id, identifier) ON DELETE CASCADE
);
CREATE INDEX user_permissions_of_api ON user_permissions (tenant_id, audience);

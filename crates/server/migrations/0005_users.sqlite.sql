-- People. What is searched, unique or constrained has a column; e-mail addresses and usernames are in lower
-- case, so that each is there once; names have a second column in lower case, to be found and sorted by. Texts
-- compare byte by byte: prefix searches are ranges of an index.

CREATE TABLE users (
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    email TEXT,
    email_verified BOOLEAN NOT NULL,
    username TEXT,
    phone_number TEXT,
    phone_verified BOOLEAN NOT NULL,
    name TEXT,
    name_folded TEXT,
    nickname TEXT,
    nickname_folded TEXT,
    given_name TEXT,
    given_name_folded TEXT,
    family_name TEXT,
    family_name_folded TEXT,
    picture TEXT,
    blocked BOOLEAN,
    user_metadata TEXT NOT NULL,
    app_metadata TEXT NOT NULL,
    last_ip TEXT,
    last_login BIGINT,
    logins_count BIGINT NOT NULL,
    last_password_reset BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, user_id)
);
CREATE INDEX users_in_order ON users (tenant_id, created_at, user_id);
CREATE INDEX users_by_email ON users (tenant_id, email, user_id);
CREATE INDEX users_by_username ON users (tenant_id, username, user_id);
CREATE INDEX users_by_phone ON users (tenant_id, phone_number, user_id);
CREATE INDEX users_by_name ON users (tenant_id, name_folded, user_id);
CREATE INDEX users_by_nickname ON users (tenant_id, nickname_folded, user_id);
CREATE INDEX users_by_given_name ON users (tenant_id, given_name_folded, user_id);
CREATE INDEX users_by_family_name ON users (tenant_id, family_name_folded, user_id);
CREATE INDEX users_by_last_login ON users (tenant_id, last_login, user_id);
CREATE INDEX users_by_logins_count ON users (tenant_id, logins_count, user_id);
CREATE INDEX users_by_update ON users (tenant_id, updated_at, user_id);

-- How many users a tenant has: counting a million rows for each list would not be flat.
CREATE TABLE user_totals (
    tenant_id TEXT PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
    total BIGINT NOT NULL
);

-- What a user is known as at a connection. A user has a primary identity (position 0) and those linked to it.
CREATE TABLE identities (
    tenant_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    identity_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    connection_id TEXT NOT NULL,
    profile TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, provider, identity_id),
    UNIQUE (tenant_id, user_id, position),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, user_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX identities_of_connection ON identities (tenant_id, connection_id, user_id);

-- What an identity of a database connection signs in with: unique within the connection.
CREATE TABLE database_accounts (
    tenant_id TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    provider TEXT NOT NULL DEFAULT 'auth0' CHECK (provider = 'auth0'),
    identity_id TEXT NOT NULL,
    email TEXT,
    username TEXT,
    phone_number TEXT,
    password TEXT,
    password_set_at BIGINT,
    password_history TEXT NOT NULL,
    PRIMARY KEY (tenant_id, identity_id),
    FOREIGN KEY (tenant_id, provider, identity_id)
        REFERENCES identities (tenant_id, provider, identity_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX database_accounts_email ON database_accounts (tenant_id, connection_id, email)
    WHERE email IS NOT NULL;
CREATE UNIQUE INDEX database_accounts_username ON database_accounts (tenant_id, connection_id, username)
    WHERE username IS NOT NULL;
CREATE UNIQUE INDEX database_accounts_phone ON database_accounts (tenant_id, connection_id, phone_number)
    WHERE phone_number IS NOT NULL;

-- What users are searched by that has no column, or too few values for an index: a row for each term (src/db/terms.rs),
-- in the order of age, so that those who are found come in the order of the list. Triggers keep it, whoever writes.
-- The columns are called unlike those of users, so that a condition can be asked of both together.

CREATE TABLE user_terms (
    tenant_id TEXT NOT NULL,
    term TEXT COLLATE "C" NOT NULL,
    user_created_at BIGINT NOT NULL,
    holder_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, term, user_created_at, holder_id)
);

-- It is searched by ranges and beginnings as well.
ALTER TABLE users ALTER COLUMN last_ip TYPE TEXT COLLATE "C";
CREATE INDEX users_by_last_ip ON users (tenant_id, last_ip, user_id);
CREATE INDEX users_by_password_reset ON users (tenant_id, last_password_reset, user_id);

-- The terms of a document, as src/db/terms.rs makes them.
CREATE FUNCTION search_terms(root TEXT, document TEXT) RETURNS SETOF TEXT
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $f$
    WITH RECURSIVE members (name, value) AS (
        SELECT root, document::jsonb
        UNION ALL
        SELECT CASE WHEN part.key IS NULL THEN name ELSE name || '.' || to_json(part.key)::text END, part.value
        FROM members CROSS JOIN LATERAL (
            SELECT own.key, own.value
            FROM jsonb_each(CASE WHEN jsonb_typeof(members.value) = 'object' THEN members.value END) own
            UNION ALL
            SELECT NULL, element
            FROM jsonb_array_elements(CASE WHEN jsonb_typeof(members.value) = 'array' THEN members.value END) element
        ) part
    ), numbers (name, number) AS (
        SELECT name, (value #>> '{}')::numeric FROM members WHERE jsonb_typeof(value) = 'number'
    ), bits (name, number, bits) AS (
        SELECT name, number, encode(float8send(number::float8), 'hex') FROM numbers
    )
    SELECT left(name || '=' || search_fold(value #>> '{}'), 200) FROM members
        WHERE jsonb_typeof(value) IN ('string', 'number', 'boolean')
    UNION
    SELECT left(name || '=' || trunc(number), 200) FROM numbers WHERE number = trunc(number) AND abs(number) < 1e15
    UNION
    SELECT left(name || '#' || CASE
        WHEN number::float8 = 0 THEN '10000000000000000'
        WHEN number < 0 THEN '0' || translate(bits, '0123456789abcdef', 'fedcba9876543210')
        ELSE '1' || bits
    END, 200) FROM bits
$f$;

-- The terms that a user ought to have: of the user's own columns, and of the identities.
CREATE VIEW terms_of_users AS
    SELECT tenant_id, user_id, created_at, CASE WHEN email_verified THEN 'email_verified=true' ELSE 'email_verified=false' END AS term
        FROM users
    UNION ALL
    SELECT tenant_id, user_id, created_at, CASE WHEN blocked THEN 'blocked=true' ELSE 'blocked=false' END
        FROM users WHERE blocked IS NOT NULL
    UNION ALL
    SELECT tenant_id, user_id, created_at, 'phone_verified=true' FROM users WHERE phone_verified
    UNION ALL
    SELECT tenant_id, user_id, created_at, left('email.domain=' || substr(email, length(rtrim(email, replace(email, '@', ''))) + 1), 200)
        FROM users WHERE email IS NOT NULL
    UNION ALL
    SELECT u.tenant_id, u.user_id, u.created_at, t.term FROM users u CROSS JOIN LATERAL search_terms('user_metadata', u.user_metadata) AS t (term)
    UNION ALL
    SELECT u.tenant_id, u.user_id, u.created_at, t.term FROM users u CROSS JOIN LATERAL search_terms('app_metadata', u.app_metadata) AS t (term);
CREATE VIEW terms_of_identities AS
    SELECT u.tenant_id, u.user_id, u.created_at, t.term
    FROM users u JOIN identities i ON i.tenant_id = u.tenant_id AND i.user_id = u.user_id
    CROSS JOIN LATERAL (VALUES
        (left('identities.connection=' || i.connection_id, 200)),
        (left('identities.provider=' || i.provider, 200)),
        (left('identities.user_id=' || i.identity_id, 200))
    ) AS t (term);

INSERT INTO user_terms (tenant_id, term, user_created_at, holder_id)
    SELECT DISTINCT tenant_id, term, created_at, user_id FROM terms_of_users;
INSERT INTO user_terms (tenant_id, term, user_created_at, holder_id)
    SELECT DISTINCT tenant_id, term, created_at, user_id FROM terms_of_identities;

CREATE FUNCTION write_terms_of_user(tenant TEXT, owner TEXT) RETURNS VOID LANGUAGE sql AS $f$
    INSERT INTO user_terms (tenant_id, term, user_created_at, holder_id)
        SELECT DISTINCT tenant_id, term, created_at, user_id FROM terms_of_users
        WHERE tenant_id = tenant AND user_id = owner
        ON CONFLICT DO NOTHING;
$f$;
CREATE FUNCTION write_terms_of_identities(tenant TEXT, owner TEXT) RETURNS VOID LANGUAGE sql AS $f$
    INSERT INTO user_terms (tenant_id, term, user_created_at, holder_id)
        SELECT DISTINCT tenant_id, term, created_at, user_id FROM terms_of_identities
        WHERE tenant_id = tenant AND user_id = owner
        ON CONFLICT DO NOTHING;
$f$;
CREATE FUNCTION erase_terms_of_user(tenant TEXT, owner TEXT) RETURNS VOID LANGUAGE sql AS $f$
    DELETE FROM user_terms t USING terms_of_users own
        WHERE own.tenant_id = tenant AND own.user_id = owner AND t.tenant_id = own.tenant_id
        AND t.term = own.term AND t.user_created_at = own.created_at AND t.holder_id = own.user_id;
$f$;
CREATE FUNCTION erase_terms_of_identities(tenant TEXT, owner TEXT) RETURNS VOID LANGUAGE sql AS $f$
    DELETE FROM user_terms t USING terms_of_identities own
        WHERE own.tenant_id = tenant AND own.user_id = owner AND t.tenant_id = own.tenant_id
        AND t.term = own.term AND t.user_created_at = own.created_at AND t.holder_id = own.user_id;
$f$;

-- Before a change the terms of what was are taken away, after it those of what is are written.

CREATE FUNCTION terms_before_user() RETURNS TRIGGER LANGUAGE plpgsql AS $f$
BEGIN
    PERFORM erase_terms_of_user(OLD.tenant_id, OLD.user_id);
    IF TG_OP = 'DELETE' THEN
        PERFORM erase_terms_of_identities(OLD.tenant_id, OLD.user_id);
        RETURN OLD;
    END IF;
    RETURN NEW;
END $f$;
CREATE FUNCTION terms_after_user() RETURNS TRIGGER LANGUAGE plpgsql AS $f$
BEGIN
    PERFORM write_terms_of_user(NEW.tenant_id, NEW.user_id);
    RETURN NULL;
END $f$;
CREATE FUNCTION terms_before_identity() RETURNS TRIGGER LANGUAGE plpgsql AS $f$
BEGIN
    PERFORM erase_terms_of_identities(OLD.tenant_id, OLD.user_id);
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $f$;
CREATE FUNCTION terms_after_identity() RETURNS TRIGGER LANGUAGE plpgsql AS $f$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM write_terms_of_identities(OLD.tenant_id, OLD.user_id);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM write_terms_of_identities(NEW.tenant_id, NEW.user_id);
    END IF;
    RETURN NULL;
END $f$;

CREATE TRIGGER terms_of_new_user AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION terms_after_user();
CREATE TRIGGER terms_of_former_user BEFORE UPDATE OF email, email_verified, phone_verified, blocked, user_metadata, app_metadata ON users
    FOR EACH ROW WHEN ((OLD.email, OLD.email_verified, OLD.phone_verified, OLD.blocked, OLD.user_metadata, OLD.app_metadata)
        IS DISTINCT FROM (NEW.email, NEW.email_verified, NEW.phone_verified, NEW.blocked, NEW.user_metadata, NEW.app_metadata))
    EXECUTE FUNCTION terms_before_user();
CREATE TRIGGER terms_of_changed_user AFTER UPDATE OF email, email_verified, phone_verified, blocked, user_metadata, app_metadata ON users
    FOR EACH ROW WHEN ((OLD.email, OLD.email_verified, OLD.phone_verified, OLD.blocked, OLD.user_metadata, OLD.app_metadata)
        IS DISTINCT FROM (NEW.email, NEW.email_verified, NEW.phone_verified, NEW.blocked, NEW.user_metadata, NEW.app_metadata))
    EXECUTE FUNCTION terms_after_user();
CREATE TRIGGER terms_of_deleted_user BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION terms_before_user();

CREATE TRIGGER terms_of_new_identity AFTER INSERT ON identities FOR EACH ROW EXECUTE FUNCTION terms_after_identity();
CREATE TRIGGER terms_of_leaving_identity BEFORE UPDATE OF user_id ON identities
    FOR EACH ROW WHEN (OLD.user_id <> NEW.user_id) EXECUTE FUNCTION terms_before_identity();
CREATE TRIGGER terms_of_moved_identity AFTER UPDATE OF user_id ON identities
    FOR EACH ROW WHEN (OLD.user_id <> NEW.user_id) EXECUTE FUNCTION terms_after_identity();
CREATE TRIGGER terms_of_former_identity BEFORE DELETE ON identities FOR EACH ROW EXECUTE FUNCTION terms_before_identity();
CREATE TRIGGER terms_of_deleted_identity AFTER DELETE ON identities FOR EACH ROW EXECUTE FUNCTION terms_after_identity();

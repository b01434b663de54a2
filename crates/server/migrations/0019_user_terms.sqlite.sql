-- What users are searched by that has no column, or too few values for an index: a row for each term (src/db/terms.rs),
-- in the order of age, so that those who are found come in the order of the list. Triggers keep it, whoever writes.
-- The columns are called unlike those of users, so that a condition can be asked of both together.

CREATE TABLE user_terms (
    tenant_id TEXT NOT NULL,
    term TEXT NOT NULL,
    user_created_at BIGINT NOT NULL,
    holder_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, term, user_created_at, holder_id)
) WITHOUT ROWID;

CREATE INDEX users_by_last_ip ON users (tenant_id, last_ip, user_id);
CREATE INDEX users_by_password_reset ON users (tenant_id, last_password_reset, user_id);

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
    SELECT tenant_id, user_id, created_at, substr('email.domain=' || substr(email, length(rtrim(email, replace(email, '@', ''))) + 1), 1, 200)
        FROM users WHERE email IS NOT NULL
    UNION ALL
    SELECT u.tenant_id, u.user_id, u.created_at, t.value FROM users u JOIN json_each(search_terms('user_metadata', u.user_metadata)) t
    UNION ALL
    SELECT u.tenant_id, u.user_id, u.created_at, t.value FROM users u JOIN json_each(search_terms('app_metadata', u.app_metadata)) t;
CREATE VIEW terms_of_identities AS
    SELECT u.tenant_id, u.user_id, u.created_at, substr('identities.connection=' || i.connection_id, 1, 200) AS term
        FROM users u JOIN identities i ON i.tenant_id = u.tenant_id AND i.user_id = u.user_id
    UNION ALL
    SELECT u.tenant_id, u.user_id, u.created_at, substr('identities.provider=' || i.provider, 1, 200)
        FROM users u JOIN identities i ON i.tenant_id = u.tenant_id AND i.user_id = u.user_id
    UNION ALL
    SELECT u.tenant_id, u.user_id, u.created_at, substr('identities.user_id=' || i.identity_id, 1, 200)
        FROM users u JOIN identities i ON i.tenant_id = u.tenant_id AND i.user_id = u.user_id;

INSERT INTO user_terms (tenant_id, term, user_created_at, holder_id)
    SELECT DISTINCT tenant_id, term, created_at, user_id FROM terms_of_users;
INSERT INTO user_terms (tenant_id, term, user_created_at, holder_id)
    SELECT DISTINCT tenant_id, term, created_at, user_id FROM terms_of_identities;

-- Before a change the terms of what was are taken away, after it those of what is are written.

CREATE TRIGGER terms_of_new_user AFTER INSERT ON users BEGIN
    INSERT INTO user_terms (tenant_id, term, user_created_at, holder_id)
        SELECT DISTINCT tenant_id, term, created_at, user_id FROM terms_of_users
        WHERE tenant_id = NEW.tenant_id AND user_id = NEW.user_id
        ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER terms_of_former_user BEFORE UPDATE OF email, email_verified, phone_verified, blocked, user_metadata, app_metadata ON users
    WHEN (OLD.email, OLD.email_verified, OLD.phone_verified, OLD.blocked, OLD.user_metadata, OLD.app_metadata)
        IS NOT (NEW.email, NEW.email_verified, NEW.phone_verified, NEW.blocked, NEW.user_metadata, NEW.app_metadata)
BEGIN
    DELETE FROM user_terms WHERE (tenant_id, term, user_created_at, holder_id) IN
        (SELECT tenant_id, term, created_at, user_id FROM terms_of_users
         WHERE tenant_id = OLD.tenant_id AND user_id = OLD.user_id);
END;
CREATE TRIGGER terms_of_changed_user AFTER UPDATE OF email, email_verified, phone_verified, blocked, user_metadata, app_metadata ON users
    WHEN (OLD.email, OLD.email_verified, OLD.phone_verified, OLD.blocked, OLD.user_metadata, OLD.app_metadata)
        IS NOT (NEW.email, NEW.email_verified, NEW.phone_verified, NEW.blocked, NEW.user_metadata, NEW.app_metadata)
BEGIN
    INSERT INTO user_terms (tenant_id, term, user_created_at, holder_id)
        SELECT DISTINCT tenant_id, term, created_at, user_id FROM terms_of_users
        WHERE tenant_id = NEW.tenant_id AND user_id = NEW.user_id
        ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER terms_of_deleted_user BEFORE DELETE ON users BEGIN
    DELETE FROM user_terms WHERE (tenant_id, term, user_created_at, holder_id) IN
        (SELECT tenant_id, term, created_at, user_id FROM terms_of_users
         WHERE tenant_id = OLD.tenant_id AND user_id = OLD.user_id
         UNION ALL
         SELECT tenant_id, term, created_at, user_id FROM terms_of_identities
         WHERE tenant_id = OLD.tenant_id AND user_id = OLD.user_id);
END;

CREATE TRIGGER terms_of_new_identity AFTER INSERT ON identities BEGIN
    INSERT INTO user_terms (tenant_id, term, user_created_at, holder_id)
        SELECT DISTINCT tenant_id, term, created_at, user_id FROM terms_of_identities
        WHERE tenant_id = NEW.tenant_id AND user_id = NEW.user_id
        ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER terms_of_leaving_identity BEFORE UPDATE OF user_id ON identities WHEN OLD.user_id <> NEW.user_id BEGIN
    DELETE FROM user_terms WHERE (tenant_id, term, user_created_at, holder_id) IN
        (SELECT tenant_id, term, created_at, user_id FROM terms_of_identities
         WHERE tenant_id = OLD.tenant_id AND user_id = OLD.user_id);
END;
CREATE TRIGGER terms_of_moved_identity AFTER UPDATE OF user_id ON identities WHEN OLD.user_id <> NEW.user_id BEGIN
    INSERT INTO user_terms (tenant_id, term, user_created_at, holder_id)
        SELECT DISTINCT tenant_id, term, created_at, user_id FROM terms_of_identities
        WHERE tenant_id = NEW.tenant_id AND user_id IN (OLD.user_id, NEW.user_id)
        ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER terms_of_former_identity BEFORE DELETE ON identities BEGIN
    DELETE FROM user_terms WHERE (tenant_id, term, user_created_at, holder_id) IN
        (SELECT tenant_id, term, created_at, user_id FROM terms_of_identities
         WHERE tenant_id = OLD.tenant_id AND user_id = OLD.user_id);
END;
CREATE TRIGGER terms_of_deleted_identity AFTER DELETE ON identities BEGIN
    INSERT INTO user_terms (tenant_id, term, user_created_at, holder_id)
        SELECT DISTINCT tenant_id, term, created_at, user_id FROM terms_of_identities
        WHERE tenant_id = OLD.tenant_id AND user_id = OLD.user_id
        ON CONFLICT DO NOTHING;
END;

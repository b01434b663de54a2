-- Searching. The functions have the names and the meaning of those that the program brings along on SQLite
-- (src/db/search.rs). A path is a jsonpath such as $."a"."b"[*], in lax mode: arrays on the way are looked
-- through, and what is not there is no error.

-- Columns that are searched by ranges and prefixes compare byte by byte, as they do on SQLite, so that their
-- indexes serve.
ALTER TABLE logs
    ALTER COLUMN log_id TYPE TEXT COLLATE "C",
    ALTER COLUMN type TYPE TEXT COLLATE "C",
    ALTER COLUMN entry TYPE TEXT COLLATE "C",
    ADD COLUMN user_id TEXT COLLATE "C";
-- What one user did. Entries without a user, such as those of tokens for applications, cost nothing.
CREATE INDEX logs_of_user ON logs (tenant_id, user_id, log_id) WHERE user_id IS NOT NULL;

-- Text without regard to case, by Unicode's rules also where the database speaks no language.
DO $make$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_collation WHERE collname = 'und-x-icu') THEN
        EXECUTE 'CREATE FUNCTION search_fold(value TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE '
            'AS $f$ SELECT lower(value COLLATE "und-x-icu") $f$';
    ELSE
        EXECUTE 'CREATE FUNCTION search_fold(value TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE '
            'AS $f$ SELECT lower(value) $f$';
    END IF;
END $make$;

CREATE FUNCTION search_like(value TEXT, pattern TEXT) RETURNS BOOLEAN
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $f$
    SELECT value LIKE pattern ESCAPE '\'
$f$;

-- Each value at the path as text, and as a number if it is one.
CREATE FUNCTION search_json_values(document TEXT, path TEXT, folded BOOLEAN)
RETURNS TABLE (own TEXT, number NUMERIC)
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $f$
    SELECT CASE WHEN folded THEN search_fold(value #>> '{}') ELSE value #>> '{}' END,
           CASE WHEN jsonb_typeof(value) = 'number' THEN (value #>> '{}')::numeric END
    FROM jsonb_path_query(document::jsonb, path::jsonpath) AS value
    WHERE jsonb_typeof(value) IN ('string', 'number', 'boolean')
$f$;

CREATE FUNCTION search_json_exists(document TEXT, path TEXT) RETURNS BOOLEAN
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $f$
    SELECT EXISTS (SELECT 1 FROM search_json_values(document, path, FALSE))
$f$;

CREATE FUNCTION search_json_equals(document TEXT, path TEXT, folded BOOLEAN, wanted TEXT, wanted_number TEXT)
RETURNS BOOLEAN
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$
    SELECT EXISTS (
        SELECT 1 FROM search_json_values(document, path, folded)
        WHERE own = wanted OR number = wanted_number::numeric
    )
$f$;

CREATE FUNCTION search_json_like(document TEXT, path TEXT, folded BOOLEAN, pattern TEXT) RETURNS BOOLEAN
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $f$
    SELECT EXISTS (SELECT 1 FROM search_json_values(document, path, folded) WHERE search_like(own, pattern))
$f$;

-- If the ends are numbers, numbers lie between them, and otherwise texts, byte by byte.
CREATE FUNCTION search_json_between(
    document TEXT, path TEXT, folded BOOLEAN,
    low TEXT, low_inclusive BOOLEAN, high TEXT, high_inclusive BOOLEAN, numbers BOOLEAN
) RETURNS BOOLEAN
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$
    SELECT EXISTS (
        SELECT 1 FROM search_json_values(document, path, folded)
        WHERE CASE
            WHEN number IS NULL AND NOT numbers THEN
                (low IS NULL OR own COLLATE "C" > low COLLATE "C" OR (low_inclusive AND own = low))
                AND (high IS NULL OR own COLLATE "C" < high COLLATE "C" OR (high_inclusive AND own = high))
            WHEN number IS NOT NULL AND numbers THEN
                (low IS NULL OR number > low::numeric OR (low_inclusive AND number = low::numeric))
                AND (high IS NULL OR number < high::numeric OR (high_inclusive AND number = high::numeric))
            ELSE FALSE
        END
    )
$f$;

-- The first value at the path, to sort by.
CREATE FUNCTION search_json_text(document TEXT, path TEXT) RETURNS TEXT
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $f$
    SELECT own FROM search_json_values(document, path, FALSE) LIMIT 1
$f$;

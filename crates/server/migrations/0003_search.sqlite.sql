-- Searching. The functions that the statements of searches call are part of the program on SQLite.

-- What one user did. Entries without a user, such as those of tokens for applications, cost nothing.
ALTER TABLE logs ADD COLUMN user_id TEXT;
CREATE INDEX logs_of_user ON logs (tenant_id, user_id, log_id) WHERE user_id IS NOT NULL;

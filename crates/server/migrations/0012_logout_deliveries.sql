-- Applications that still have to be told that a session is over (OpenID Connect Back-Channel Logout). A session
-- ends once, so it names the delivery together with the application and the place of the address among those that
-- the application has. The token is made anew for each attempt.

DROP TABLE logout_deliveries;
CREATE TABLE logout_deliveries (
    tenant_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    address BIGINT NOT NULL,
    user_id TEXT NOT NULL,
    initiator TEXT NOT NULL,
    session_metadata TEXT,
    attempts BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, session_id, client_id, address),
    FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, client_id) ON DELETE CASCADE
);
CREATE INDEX logout_deliveries_due ON logout_deliveries (next_attempt_at);
CREATE INDEX logout_deliveries_of_client ON logout_deliveries (tenant_id, client_id, next_attempt_at);

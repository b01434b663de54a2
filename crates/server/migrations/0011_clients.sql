-- Each alias of an application leads to one application; each tenant has one application that stands for all.

CREATE TABLE client_aliases (
    tenant_id TEXT NOT NULL,
    alias TEXT NOT NULL,
    client_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, alias),
    FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, client_id) ON DELETE CASCADE
);
CREATE INDEX client_aliases_by_client ON client_aliases (tenant_id, client_id);

CREATE UNIQUE INDEX clients_global ON clients (tenant_id) WHERE is_global;

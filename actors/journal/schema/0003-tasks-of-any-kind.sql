-- Tasks of any kind: what only an order has moves into its payload. Submissions by their keys, and runs that are open.
CREATE TABLE tasks_of_any_kind (
    sequence INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES runs,
    po_number TEXT NOT NULL,
    kind TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    crashes INTEGER NOT NULL DEFAULT 0,
    interruptions INTEGER NOT NULL DEFAULT 0,
    status TEXT,
    blame TEXT,
    payload TEXT NOT NULL,
    publishing TEXT,
    result TEXT
);
INSERT INTO tasks_of_any_kind
SELECT
    sequence, run, po_number, 'order', attempts, crashes, interruptions, status, blame,
    order_payload(priority, timeout, retries, metadata, supplier, url, amount, base_url, host, fault),
    publishing, result
FROM tasks;
DROP TABLE tasks;
ALTER TABLE tasks_of_any_kind RENAME TO tasks;
CREATE INDEX open_tasks ON tasks (sequence) WHERE status IS NULL;

CREATE TABLE submissions (
    key TEXT PRIMARY KEY,
    first INTEGER NOT NULL,
    count INTEGER NOT NULL
) WITHOUT ROWID;

ALTER TABLE runs ADD COLUMN is_open INTEGER NOT NULL DEFAULT 0;

-- Runs, tasks, leases, verified files. One writer; times are ISO 8601 in UTC.
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE runs (
    run INTEGER PRIMARY KEY,
    first INTEGER NOT NULL,
    total INTEGER NOT NULL,
    succeeded INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    began TEXT NOT NULL,
    ended TEXT,
    plan TEXT NOT NULL DEFAULT '{}'
);

CREATE TABLE tasks (
    sequence INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES runs,
    po_number TEXT NOT NULL,
    priority INTEGER NOT NULL,
    timeout REAL,
    retries INTEGER NOT NULL,
    metadata TEXT NOT NULL,
    supplier TEXT NOT NULL,
    url TEXT NOT NULL,
    amount REAL,
    base_url TEXT NOT NULL,
    host TEXT NOT NULL,
    fault TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    crashes INTEGER NOT NULL DEFAULT 0,
    interruptions INTEGER NOT NULL DEFAULT 0,
    publishing TEXT,
    status TEXT,
    blame TEXT,
    result TEXT
);
CREATE INDEX open_tasks ON tasks (sequence) WHERE status IS NULL;

CREATE TABLE leases (
    lease INTEGER PRIMARY KEY,
    sequence INTEGER NOT NULL REFERENCES tasks,
    attempt INTEGER NOT NULL,
    worker TEXT NOT NULL,
    generation INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    granted TEXT NOT NULL,
    ended TEXT,
    reason TEXT,
    blame TEXT
);
CREATE INDEX leases_of_a_task ON leases (sequence);
CREATE INDEX leases_in_hand ON leases (sequence) WHERE ended IS NULL;

CREATE TABLE files (
    sequence INTEGER NOT NULL REFERENCES tasks,
    address TEXT NOT NULL,
    listed_as TEXT NOT NULL,
    file TEXT NOT NULL,
    PRIMARY KEY (sequence, address, listed_as)
) WITHOUT ROWID;

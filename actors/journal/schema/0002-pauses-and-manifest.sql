-- What dispatch waited for, and the lines of the manifest, written here before they are written there.
CREATE TABLE pauses (
    pause INTEGER PRIMARY KEY,
    run INTEGER,
    name TEXT NOT NULL,
    text TEXT NOT NULL,
    began TEXT NOT NULL,
    ended TEXT
);
CREATE INDEX pauses_that_last ON pauses (name) WHERE ended IS NULL;

CREATE TABLE manifest (
    number INTEGER PRIMARY KEY,
    line TEXT NOT NULL,
    hash TEXT NOT NULL,
    "end" INTEGER NOT NULL
);

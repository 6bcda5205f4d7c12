"""A worker: one actor, one browser, one order at a time."""

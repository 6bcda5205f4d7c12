"""The front door: `ProcessingSession`, what it opens and closes, the tree of actors and the one-browser path."""

"""Evidence that can be checked without this program: the chain of the manifest's lines. Pure."""

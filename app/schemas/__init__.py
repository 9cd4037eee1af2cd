"""The shapes of the HTTP contract, version 1."""

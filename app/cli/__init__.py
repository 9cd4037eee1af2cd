"""The `attune` command: a client of the HTTP contract, and what starts the service."""

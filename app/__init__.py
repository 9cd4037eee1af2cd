"""The face of the device: the HTTP contract and the `attune` command. Nothing else knows HTTP."""

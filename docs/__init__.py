"""The documentation; only its scripts are Python."""

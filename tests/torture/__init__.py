"""The crash campaign: kill the device at random instants, start it again, and check everything it promised."""

"""The fleet: many simulated users, each on a device of their own, and what personalisation does for them."""

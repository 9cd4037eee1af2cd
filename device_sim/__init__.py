"""The simulated phone: inference, samples, consent, keys, conditions, the update task and its schedule."""

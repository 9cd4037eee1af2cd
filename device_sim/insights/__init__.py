"""The personal insight assistant: what a thought is about, what fits it, and what its user likes."""

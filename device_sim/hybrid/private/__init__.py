"""The private branch: requests that are answered, and commands that are carried out, from the phone's own data."""

from device_sim.hybrid.private.answering import PrivateAnswers

__all__ = ["PrivateAnswers"]

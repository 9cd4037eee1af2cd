"""The read-only bundle that ships with an app, and the personalised versions of its heads."""

"""Questions to a configuration before it is in force: what is proved about it."""

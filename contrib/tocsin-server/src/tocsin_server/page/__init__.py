"""The page in the daemon: what is going on, for people with a browser."""

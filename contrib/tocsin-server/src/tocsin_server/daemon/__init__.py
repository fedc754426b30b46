"""The daemon: one service, what reports to it, and the HTTP interfaces before it, from start to stop."""

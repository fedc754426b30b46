"""What every HTTP interface of the daemon shares: bounded reading, scopes, answers and headers."""

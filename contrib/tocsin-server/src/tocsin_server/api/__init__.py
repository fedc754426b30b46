"""tocsin's own HTTP API, version 1: what its command line speaks, and what OpenAPI describes."""

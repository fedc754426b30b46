"""Alertmanager's HTTP API, version 2: what Prometheus sends to, and what amtool and karma read."""

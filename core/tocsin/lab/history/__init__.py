"""Histories: what befell somebody's alerts, from a store, its export, Prometheus, or a file of alerts."""

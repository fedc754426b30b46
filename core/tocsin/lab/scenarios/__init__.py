"""Scenarios: tests of people's own configurations, in files: at this time that happens, and these are told."""

"""Diff: what another configuration would have changed about a history, and which of its changes did it."""

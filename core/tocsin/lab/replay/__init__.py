"""Replay: a history through the real engine in virtual time, and what would have been sent."""

"""Apprise for tocsin: one of its URLs is one destination, of more than a hundred services."""

"""Draws the routing: rules, channels and escalation policies, and the path that one alert takes. Plan in, text out."""

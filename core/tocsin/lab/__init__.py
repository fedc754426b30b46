"""The laboratory: questions to a configuration and a recorded past. Nothing is sent, and nothing is written."""

"""The command line against a daemon that runs: what its commands share; each command is a module of ``commands``."""

"""The commands of the daemon, for the command line ``tocsin``."""

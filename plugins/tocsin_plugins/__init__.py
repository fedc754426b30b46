"""The plugins that come with tocsin. Each is found through its entry point, and uses only tocsin's public names."""

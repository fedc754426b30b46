"""tocsin as a daemon, and the commands that go with it; ``plugin`` registers them."""

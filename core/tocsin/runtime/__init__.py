"""The shell around the pure engine: anyio supplies time, commits, sends, and sleeps until the next deadline."""

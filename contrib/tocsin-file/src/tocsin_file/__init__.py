"""The backend ``file``: one line of JSON per notification, in a file that is rotated and whole after a crash."""

"""The backend ``email``: notifications over SMTP, each as text and HTML, those of one incident in one conversation."""

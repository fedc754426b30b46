"""The template language ``jinja``: Jinja2 in a sandbox, with the data and functions of Alertmanager's templates."""

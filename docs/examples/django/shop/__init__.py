"""A Django project with tocsin inside."""

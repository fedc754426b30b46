"""The backend ``exec``: a program that is run for each notification, with the alerts as JSON on its standard input."""

"""The backend ``opsgenie``: incidents become alerts of Opsgenie, over its Alert API v2; see the README."""

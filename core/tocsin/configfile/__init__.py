"""The configuration file: YAML, TOML or JSON to a checked configuration, with every error in its place."""

from tocsin.configfile.loading import LoadedConfiguration, load_configuration
from tocsin.configfile.server import AuthToken, ServerSettings, TlsSettings

__all__ = ["AuthToken", "LoadedConfiguration", "ServerSettings", "TlsSettings", "load_configuration"]

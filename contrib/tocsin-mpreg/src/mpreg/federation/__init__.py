"""Two modules that are tocsin under other names: ``federation_alerting`` and ``performance_metrics``."""

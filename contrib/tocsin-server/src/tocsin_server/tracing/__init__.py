"""OpenTelemetry: traces from a request over the commit to the attempts that tell of it. Needs the extra ``otel``."""

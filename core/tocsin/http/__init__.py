"""The one way out for backends that speak HTTP: httpx's requests and responses go in, outcomes come out."""

from tocsin.http.backend import HttpBackend
from tocsin.http.content import json_content
from tocsin.http.options import HttpOptions
from tocsin.http.redaction import excerpt, redact_url
from tocsin.http.retry_after import retry_after_seconds
from tocsin.http.sender import HttpSender
from tocsin.http.settings import hide, http_headers, http_url, seconds, signing_secret
from tocsin.http.signing import WebhookSigner
from tocsin.http.verdict import outcome_of

__all__ = [
    "HttpBackend",
    "HttpOptions",
    "HttpSender",
    "WebhookSigner",
    "excerpt",
    "hide",
    "http_headers",
    "http_url",
    "json_content",
    "outcome_of",
    "redact_url",
    "retry_after_seconds",
    "seconds",
    "signing_secret",
]

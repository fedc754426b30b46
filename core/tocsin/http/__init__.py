"""The one way out for backends that speak HTTP: httpx's requests and responses go in, outcomes come out."""

from tocsin.http.backend import HttpBackend
from tocsin.http.content import json_answer, json_content
from tocsin.http.options import HttpOptions
from tocsin.http.redaction import excerpt, redact_url
from tocsin.http.retry_after import retry_after_seconds, waiting_seconds
from tocsin.http.sender import HttpSender
from tocsin.http.settings import (
    HARD_TIMEOUT,
    LONGEST_TIMEOUT,
    attempt_timeout,
    hide,
    http_headers,
    http_url,
    seconds,
    signing_secret,
)
from tocsin.http.signing import WebhookSigner
from tocsin.http.verdict import outcome_of

__all__ = [
    "HARD_TIMEOUT",
    "LONGEST_TIMEOUT",
    "HttpBackend",
    "HttpOptions",
    "HttpSender",
    "WebhookSigner",
    "attempt_timeout",
    "excerpt",
    "hide",
    "http_headers",
    "http_url",
    "json_answer",
    "json_content",
    "outcome_of",
    "redact_url",
    "retry_after_seconds",
    "seconds",
    "signing_secret",
    "waiting_seconds",
]

"""Signatures by which a receiver knows that a request is ours: Standard Webhooks (standardwebhooks.com), version 1."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

import attrs

from tocsin.errors import ConfigurationError

__all__ = ["WebhookSigner"]

_PREFIX = "whsec_"


@attrs.frozen(slots=True)
class WebhookSigner:
    """Signs requests with one symmetric secret; make it with :meth:`from_secret`."""

    _key: bytes = attrs.field(repr=False)

    @classmethod
    def from_secret(cls, secret: str) -> WebhookSigner:
        """Return the signer of *secret*: ``whsec_`` and base64, as the specification serialises it.

        :raises ConfigurationError: for anything else; the secret is not repeated.
        """
        try:
            key = base64.b64decode(secret.strip().removeprefix(_PREFIX), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not key:
            raise ConfigurationError(f"the secret must be {_PREFIX} followed by base64, of 24 to 64 bytes at best")
        return cls(key)

    def signature(self, message_id: str, timestamp: int, content: bytes) -> str:
        """Return the value of ``webhook-signature``; *timestamp* is in seconds since the epoch."""
        signed = f"{message_id}.{timestamp}.".encode() + content
        digest = hmac.new(self._key, signed, hashlib.sha256).digest()
        return "v1," + base64.b64encode(digest).decode("ascii")

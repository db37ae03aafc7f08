"""Signatures of webhooks in the form of Standard Webhooks (standardwebhooks.com), version 1.

`webhook-signature: v1,<base64 of HMAC-SHA256(secret, "<id>.<timestamp>.<body>")>`. A receiver
refuses what is older than five minutes, so a message that was overheard cannot be sent again.
"""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime

ENCODED = "whsec_"


def headers(secret: str, message_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """What goes along with the body; `message_id` stays the same over all tries."""
    stamp = str(int(now.timestamp()))
    return {
        "content-type": "application/json",
        "user-agent": "StoreVitals",
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": signature(secret, message_id, stamp, body),
    }


def signature(secret: str, message_id: str, stamp: str, body: bytes) -> str:
    signed = f"{message_id}.{stamp}.".encode() + body
    digest = hmac.new(_key(secret), signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def _key(secret: str) -> bytes:
    """`whsec_` and base64, or any other text as it is."""
    if secret.startswith(ENCODED):
        try:
            return base64.b64decode(secret.removeprefix(ENCODED), validate=True)
        except (ValueError, binascii.Error):
            pass  # a plain text that only begins like one
    return secret.encode()

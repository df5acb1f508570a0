"""Signatures by the rules of Standard Webhooks.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime

from standardwebhooks import Webhook


def signed_headers(secrets: Sequence[str], call_id: str, body: bytes, *, now: datetime) -> dict[str, str]:
    """The headers of a call, with a signature by each secret; two are good while one takes the other's place."""
    headers = {
        "Content-Type": "application/json",
        "webhook-id": call_id,
        "webhook-timestamp": str(int(now.timestamp())),
    }
    marks = [Webhook(_key(secret)).sign(call_id, now, body.decode()) for secret in secrets]
    if marks:
        headers["webhook-signature"] = " ".join(marks)
    return headers


def _key(secret: str) -> bytes:
    """Written as `whsec_` and base64, or any other word as it is."""
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return secret.encode()

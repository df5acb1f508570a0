from collections.abc import Sequence
from datetime import datetime

import orjson
import stripe

from kit.errors import Refusal

# Stripe's own libraries allow as much: https://docs.stripe.com/webhooks#replay-attacks
TOLERANCE_SECONDS = 300


class BadSignature(Refusal):
    code = "bad_signature"
    status = 400


def read_signed(body: bytes, header: str | None, secrets: Sequence[str], *, now: datetime) -> dict[str, object]:
    """The event in a webhook's raw body, once one of the secrets has signed it about now.

    The library checks the signature but reads the wall clock for the time, and takes times in the future; so its
    time check is off and both sides are held against `now`. Whatever odd bytes make it raise is a BadSignature.
    """
    if header is None:
        raise BadSignature("the Stripe-Signature header is missing")
    for secret in secrets:
        try:
            stripe.WebhookSignature.verify_header(body, header, secret, tolerance=None)
            signed_at = next(int(part[2:]) for part in header.split(",") if part.startswith("t="))
            event = orjson.loads(body)
        except Exception:  # noqa: BLE001, S112 - the library raises many kinds on odd bytes, and none is ours
            continue
        if abs(int(now.timestamp()) - signed_at) > TOLERANCE_SECONDS:
            raise BadSignature("the signature's time is too far from now; check the clock of this machine")
        if not isinstance(event, dict):
            raise BadSignature("the body holds no event")
        return event
    raise BadSignature("the signature matches none of the configured webhook secrets")

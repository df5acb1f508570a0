from collections.abc import AsyncIterator, Awaitable
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import aiohttp
import orjson
import stripe
from pydantic import ValidationError

from kit.errors import Reason
from kit.log import get_logger
from payments.payment_links import Offer
from payments.rail import (
    Bill,
    Checkout,
    Cursor,
    CustomerGone,
    DisputeTold,
    RailDown,
    RailRefused,
    Read,
    RefundAnswer,
    RefundDue,
    RefundTold,
    Standing,
    Word,
)
from payments.stripe_lines import link_params, session_params
from payments.stripe_objects import (
    NAME,
    ORDER_KEY,
    REFUND_KEY,
    DisputeObject,
    RefundObject,
    SessionObject,
    dispute_told,
    refund_told,
    standing_of,
    state_of,
    what_is_wrong,
)

__all__ = ["EVENTS", "NAME", "StripeRail"]

TIMEOUT_SECONDS = 10
PAGE = 100
# Stripe's list may show an event later than one that was made after it
OVERLAP = timedelta(hours=1)
# https://docs.stripe.com/api/events: they can be read for so long
EVENTS_KEPT = timedelta(days=30)
# what Spark wants to hear of, by webhook and from the list; twenty at most
EVENTS = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "charge.refunded",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "charge.dispute.closed",
)
_SERVER_ERROR = 500
_NOT_FOUND = 404
_log = get_logger(__name__)
T = TypeVar("T")


class StripeRail:
    """Stripe Checkout: https://docs.stripe.com/api/checkout/sessions."""

    def __init__(
        self,
        secret_key: str,
        *,
        api_base: str,
        success_url: str | None = None,
        cancel_url: str | None = None,
        thanks_url: str | None = None,
    ) -> None:
        """`thanks_url` is where whoever paid by a link learns how to get it; the session's id is appended."""
        self._livemode = not secret_key.startswith(("sk_test_", "rk_test_"))
        self._configured = success_url, cancel_url
        self.come_back_to("https://t.me")
        self._thanks_url = thanks_url
        self._http = stripe.AIOHTTPClient(timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS))
        self._client = stripe.StripeClient(
            secret_key,
            base_addresses={"api": api_base},
            http_client=self._http,
            max_network_retries=2,
        )

    @property
    def livemode(self) -> bool:
        return self._livemode

    def come_back_to(self, url: str) -> None:
        """Where a buyer goes from Stripe's page, unless the settings name another place."""
        success_url, cancel_url = self._configured
        self._success_url = success_url or url
        self._cancel_url = cancel_url or self._success_url

    async def close(self) -> None:
        await self._http.close_async()  # type: ignore[no-untyped-call]  # stripe left this one untyped

    async def check(self) -> None:
        """Returns when Stripe takes the key. Raises RailDown or RailRefused."""
        try:
            await self._ask(self._client.v1.balance.retrieve_async())
        except stripe.AuthenticationError as error:
            raise RailRefused("Stripe does not know this key; check SPARK_STRIPE__SECRET_KEY") from error
        except stripe.StripeError as error:
            raise _down(error) from error

    async def make_checkout(self, bill: Bill) -> Checkout:
        """Asked again after a crash, Stripe answers with the same session: the idempotency key is the attempt's.

        It repeats failures for a key too, for a day: https://docs.stripe.com/api/idempotent_requests
        """
        try:
            session = await self._ask(
                self._client.v1.checkout.sessions.create_async(
                    session_params(
                        bill,
                        success_url=bill.success_url or self._success_url,
                        cancel_url=bill.cancel_url or bill.success_url or self._cancel_url,
                    ),
                    {"idempotency_key": f"checkout:{bill.reference}:{bill.attempt}:{bill.customer or ''}"},
                )
            )
        except stripe.IdempotencyError as error:
            # the settings have changed since the first try: the next attempt is another question
            raise _down(error, answered=True) from error
        except stripe.StripeError as error:
            if bill.customer is not None and _is_about(error, "customer"):
                raise CustomerGone(bill.customer) from error
            _log.error("Stripe refuses a checkout", order=bill.order_id, reason=str(error))
            raise RailRefused("the payment page could not be made; the seller has been told") from error
        if session.url is None:
            raise RailRefused("this checkout can no longer be paid; order again")
        return Checkout(session.id, session.url)

    async def end_checkout(self, session_id: str) -> Standing | None:
        """One that has been paid, or is over by itself, is told as it is: Stripe expires only what is open."""
        try:
            await self._ask(self._client.v1.checkout.sessions.expire_async(session_id))
        except stripe.StripeError as error:
            _log.info("a checkout cannot be ended", session=session_id, reason=str(error))
        return await self.look_up(session_id)

    async def look_up(self, session_id: str) -> Standing | None:
        try:
            session = await self._ask(
                self._client.v1.checkout.sessions.retrieve_async(session_id, {"expand": ["payment_intent"]})
            )
        except stripe.StripeError as error:
            if error.http_status == _NOT_FOUND:
                return None
            raise _refused(error) from error
        with _readable():
            told = SessionObject.model_validate(session.to_dict())
        state = state_of(told)
        standing = standing_of(told, state, livemode=bool(session.livemode))
        if standing.received is None or standing.received.reference == told.id:
            return standing
        intent = standing.received.reference
        refunds = [refund_told(each) for each in await self._refunds(intent)]
        return standing_of(
            told, state, livemode=standing.livemode, refunds=refunds, disputes=await self._disputes(intent)
        )

    async def refund(self, due: RefundDue) -> RefundAnswer:
        """What was made before is found by its metadata, however long ago: idempotency keys are kept for a day.

        Nothing goes back twice, since the key stays the same for as long as Stripe has not answered.
        """
        try:
            made = _found(due, [refund_told(each) for each in await self._refunds(due.payment_reference)])
            if made is None and due.reference is not None:
                raise RailRefused("Stripe no longer knows this refund", why=Reason("refused-refund-unknown"))
            if made is None:
                refund = await self._ask(
                    self._client.v1.refunds.create_async(
                        {
                            "payment_intent": due.payment_reference,
                            "amount": due.money.amount_minor,
                            "reason": "requested_by_customer",
                            "metadata": {ORDER_KEY: due.order_reference, REFUND_KEY: str(due.refund_id)},
                        },
                        {"idempotency_key": f"refund:{due.order_reference}:{due.refund_id}:{due.attempt}"},
                    )
                )
                with _readable():
                    made = refund_told(RefundObject.model_validate(refund.to_dict()))
        except stripe.StripeError as error:
            raise _refused(error) from error
        return RefundAnswer(made.reference, made.state, made.error)

    async def events_after(self, cursor: Cursor) -> AsyncIterator[Read]:
        """Newest first, as Stripe lists them; where to begin next is known once all of them are read."""
        since = int((cursor.read_to - OVERLAP).timestamp())
        newest, last = cursor, None
        more = True
        while more:
            params: Any = {"created": {"gte": since}, "types": list(EVENTS), "limit": PAGE}
            if last is not None:
                params["starting_after"] = last
            try:
                page = await self._ask(self._client.v1.events.list_async(params))
            except stripe.StripeError as error:
                raise _refused(error) from error
            if last is None and page.data:
                newest = Cursor(page.data[0].id, datetime.fromtimestamp(page.data[0].created, UTC))
            more = page.has_more and bool(page.data)
            last = page.data[-1].id if page.data else None
            words = [Word(each.id, each.type, _as_json(each)) for each in page.data]
            yield Read(words, None if more else newest)

    async def make_link(self, offer: Offer) -> Checkout:
        try:
            link = await self._ask(
                self._client.v1.payment_links.create_async(
                    link_params(offer, thanks_url=self._thanks_url), {"idempotency_key": f"payment-link:{offer.key}"}
                )
            )
        except stripe.StripeError as error:
            raise _refused(error) from error
        return Checkout(link.id, link.url)

    async def end_link(self, reference: str) -> None:
        try:
            await self._ask(self._client.v1.payment_links.update_async(reference, {"active": False}))
        except stripe.StripeError as error:
            if error.http_status != _NOT_FOUND:
                raise _refused(error) from error

    async def _refunds(self, payment_intent: str) -> list[RefundObject]:
        found = await self._ask(self._client.v1.refunds.list_async({"payment_intent": payment_intent, "limit": PAGE}))
        with _readable():
            return [RefundObject.model_validate(each.to_dict()) for each in reversed(found.data)]

    async def _disputes(self, payment_intent: str) -> list[DisputeTold]:
        found = await self._ask(self._client.v1.disputes.list_async({"payment_intent": payment_intent, "limit": PAGE}))
        with _readable():
            told = [dispute_told(DisputeObject.model_validate(each.to_dict())) for each in reversed(found.data)]
        return [each for each in told if each is not None]

    async def _ask(self, call: Awaitable[T]) -> T:
        """Raises RailDown for what passes; the library's own errors are about the question."""
        try:
            return await call
        except stripe.StripeError as error:
            if _is_passing(error):
                raise _down(error) from error
            raise
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _down(error) from error


def _found(due: RefundDue, told: list[RefundTold]) -> RefundTold | None:
    """Ours among the refunds of a payment: by Stripe's name for it, else by what it carries of ours."""
    ours = due.order_reference, due.refund_id
    for each in told:
        if each.reference == due.reference or (each.order_reference, each.refund_id) == ours:
            return each
    return None


@contextmanager
def _readable() -> "Any":
    """What Stripe answered in a shape that is not known is no answer, and names nobody in a log."""
    try:
        yield
    except ValidationError as error:
        raise RailDown(what_is_wrong(error), answered=False) from None


def _is_about(error: stripe.StripeError, param: str) -> bool:
    return isinstance(error, stripe.InvalidRequestError) and error.param == param


def _as_json(event: stripe.Event) -> str:
    return orjson.dumps(event.to_dict(for_json=True)).decode()


def _is_passing(error: stripe.StripeError) -> bool:
    """A failure of Stripe's or of the way there, or a call that is still under way: no fault of the question's."""
    return error.http_status is None or error.http_status in {409, 429} or error.http_status >= _SERVER_ERROR


def _refused(error: stripe.StripeError) -> RailRefused:
    """Stripe's own words about why not, for the seller to read."""
    told = error.user_message or type(error).__name__
    return RailRefused(told, why=Reason("refused-by-rail", rail="Stripe", reason=told))


def _down(error: Exception, *, answered: bool = False) -> RailDown:
    _log.warning("Stripe cannot be reached", reason=f"{type(error).__name__}: {error}")
    status = error.http_status if isinstance(error, stripe.StripeError) else None
    return RailDown(
        "payment is not available right now; please try again in a minute",
        answered=answered or (status is not None and status >= _SERVER_ERROR),
    )

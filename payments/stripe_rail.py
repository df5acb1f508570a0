import aiohttp
import stripe

from kit.log import get_logger
from payments.rail import Bill, Checkout, RailDown, RailRefused

NAME = "stripe"
TIMEOUT_SECONDS = 10
_SERVER_ERROR = 500
_log = get_logger(__name__)


class StripeRail:
    """Stripe Checkout: https://docs.stripe.com/api/checkout/sessions/create."""

    def __init__(
        self, secret_key: str, *, api_base: str, success_url: str | None = None, cancel_url: str | None = None
    ) -> None:
        self.livemode = not secret_key.startswith(("sk_test_", "rk_test_"))
        self._configured = success_url, cancel_url
        self.come_back_to("https://t.me")
        self._http = stripe.AIOHTTPClient(timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS))
        self._client = stripe.StripeClient(
            secret_key,
            base_addresses={"api": api_base},
            http_client=self._http,
            max_network_retries=2,
        )

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
            await self._client.v1.balance.retrieve_async()
        except stripe.AuthenticationError as error:
            raise RailRefused("Stripe does not know this key; check SPARK_STRIPE__SECRET_KEY") from error
        except (stripe.StripeError, aiohttp.ClientError, TimeoutError) as error:
            raise _down(error) from error

    async def make_checkout(self, bill: Bill) -> Checkout:
        """Asked again after a crash, Stripe answers with the same session: the idempotency key is the attempt's.

        It repeats failures for a key too, for a day: https://docs.stripe.com/api/idempotent_requests
        """
        try:
            session = await self._client.v1.checkout.sessions.create_async(
                {
                    "mode": "payment",
                    "line_items": [
                        {
                            "quantity": 1,
                            "price_data": {
                                "currency": bill.money.currency,
                                "unit_amount": bill.money.amount_minor,
                                "product_data": {"name": bill.title},
                            },
                        }
                    ],
                    "client_reference_id": bill.reference,
                    "metadata": {"order_id": str(bill.order_id)},
                    "expires_at": int(bill.expires_at.timestamp()),
                    "success_url": self._success_url,
                    "cancel_url": self._cancel_url,
                },
                {"idempotency_key": f"checkout:{bill.reference}:{bill.attempt}"},
            )
        except stripe.StripeError as error:
            if _is_passing(error):
                raise _down(error) from error
            _log.error("Stripe refuses a checkout", order=bill.order_id, reason=str(error))
            raise RailRefused("the payment page could not be made; the seller has been told") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _down(error) from error
        if session.url is None:
            raise RailRefused("this checkout can no longer be paid; order again")
        return Checkout(session.id, session.url)


def _is_passing(error: stripe.StripeError) -> bool:
    """A failure of Stripe's or of the way there, or a call that is still under way: no fault of the bill's."""
    return error.http_status is None or error.http_status in {409, 429} or error.http_status >= _SERVER_ERROR


def _down(error: Exception) -> RailDown:
    _log.warning("Stripe cannot be reached", reason=f"{type(error).__name__}: {error}")
    status = error.http_status if isinstance(error, stripe.StripeError) else None
    return RailDown(
        "payment is not available right now; please try again in a minute",
        answered=status is not None and status >= _SERVER_ERROR,
    )

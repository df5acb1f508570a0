"""A strict local stand-in of Stripe's API, with a checkout page and signed webhooks."""

from playground.stripe.standin import StripeStandIn

__all__ = ["StripeStandIn"]

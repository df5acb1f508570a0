"""A strict stand-in of Telegram's Bot API, and the people who talk to its bots."""

from playground.telegram.standin import TelegramStandIn

__all__ = ["TelegramStandIn"]

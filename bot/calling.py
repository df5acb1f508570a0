"""One call to Telegram, and the few ways in which it can fail."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from automations.gateway import Away, Blocked, Moved, NotNow, PutOff, Refused, SlowDown, Uncertain
from bot.request import ConnectionLost, NoConnection, PoolFull

T = TypeVar("T")
# how many seconds nothing unasked is said: until the network may be there again, or somebody has mended the token
NO_CONNECTION_REST = 2.0
NO_TOKEN_REST = 60.0
# after so many seconds one finds a place that found none
NO_PLACE_WAIT = 1.0
# Telegram's words for a chat that cannot be written to any more
_GONE = ("bot was blocked", "user is deactivated", "chat not found", "can't initiate conversation")


async def calling(call: Callable[[], Awaitable[T]]) -> T:
    """Makes one call to Telegram; what can go wrong comes out as a SendFailure."""
    try:
        return await call()
    except RetryAfter as error:
        after = error.retry_after
        raise SlowDown(after if isinstance(after, int) else after.total_seconds()) from error
    except ChatMigrated as error:
        # https://core.telegram.org/bots/api#responseparameters
        raise Moved(error.new_chat_id) from error
    except Forbidden as error:
        raise Blocked(error.message) from error
    except (InvalidToken, NoConnection) as error:
        raise _put_off(error) from error
    except (TimedOut, ConnectionLost) as error:
        raise Uncertain(_in_words(error)) from error
    except BadRequest as error:
        if any(words in error.message.casefold() for words in _GONE):
            raise Blocked(error.message) from error
        raise Refused(error.message) from error
    except NetworkError as error:
        # an answer of 5xx is an answer
        raise NotNow(error.message) from error
    except TelegramError as error:
        raise Refused(error.message) from error


def _put_off(error: InvalidToken | NoConnection) -> PutOff:
    match error:
        case InvalidToken():
            return Away("Telegram does not know the bot's token", NO_TOKEN_REST)
        case PoolFull():
            return PutOff("too much is being said at once", NO_PLACE_WAIT)
    return Away("no connection", NO_CONNECTION_REST)


def _in_words(error: NetworkError) -> str:
    """People read why it failed; what the wire said stays behind it, as the cause."""
    return "connection lost" if isinstance(error, ConnectionLost) else error.message

"""What a creator allows over everything that is said unasked, and whom beside Telegram it is told to."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from domain.durations import Duration
from domain.fields import Strict
from domain.windows import Window

_LEAST_TIME, _MOST_TIME = timedelta(hours=1), timedelta(days=90)


class AtMost(Strict):
    """The attention budget: so many messages to one lead within any such time."""

    messages: Annotated[int, Field(ge=1, le=1000)]
    per: Duration

    @model_validator(mode="after")
    def _looks_back_a_while(self) -> Self:
        if not _LEAST_TIME <= self.per <= _MOST_TIME:
            raise ValueError("per is an hour at least, and 90 days at most")
        return self


class MessageRules(Strict):
    """Of funnels and broadcasts together; what was bought or asked for is outside of it.

    Outside of `window`, by the lead's own clock, nothing of it goes out, whatever a funnel's own window says.
    """

    window: Window | None = None
    at_most: AtMost | None = None


class Webhook(Strict):
    """An address of the creator's that a funnel can call. With a secret each call is signed."""

    url: str
    secret: Annotated[str | None, Field(repr=False)] = None

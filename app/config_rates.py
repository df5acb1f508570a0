"""How often somebody may ask, and from where they are believed to."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from app.config_creator import Section
from app.config_types import SEVERAL
from web.address import networks
from web.turns import USUAL, Rate

PerMinute = Annotated[int, Field(ge=1, le=1_000_000)]


def _network(text: str) -> str:
    try:
        networks([text])
    except ValueError:
        raise ValueError("must be an address or a network, like 10.0.0.0/8") from None
    return text


TrustedProxies = Annotated[tuple[Annotated[str, AfterValidator(_network)], ...], SEVERAL]


class Rates(Section):
    """Requests a minute: to sign in, of what anybody may ask, of all else, and of what costs much."""

    sign_in: PerMinute = USUAL["sign_in"]
    public: PerMinute = USUAL["public"]
    usual: PerMinute = USUAL["usual"]
    heavy: PerMinute = USUAL["heavy"]

    def a_minute(self) -> Mapping[Rate, int]:
        return {"sign_in": self.sign_in, "public": self.public, "usual": self.usual, "heavy": self.heavy}

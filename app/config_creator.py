from typing import Annotated

from pydantic import BaseModel, ConfigDict

from app.config_shop import ShopConfig
from app.config_types import MAY_BE_EMPTY, ONE_OR_MORE, SEVERAL, Currency, HttpsAddress, OneWord, TimeZone
from domain.fields import Key, LeadFieldSpec
from domain.flows.definition import Flow
from domain.flows.nodes import Tag
from domain.flows.options import options_by_flows
from domain.funnels.definition import Funnel
from domain.message_rules import MessageRules, Webhook
from domain.messages.wording import Language, Text
from domain.setups import CreatorSetup


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class WebhookConfig(Section):
    """`secret` stands in a file of its own, or comes by the environment."""

    url: HttpsAddress
    secret: OneWord | None = None

    def made(self) -> Webhook:
        return Webhook(url=self.url, secret=None if self.secret is None else self.secret.get_secret_value())


class CreatorConfig(Section):
    name: str | None = None
    currency: Currency = "usd"
    time_zone: TimeZone = "UTC"
    # two letters; of texts that are given in several languages, the one for people who speak none of them
    language: Language = "en"
    fields: Annotated[dict[Key, LeadFieldSpec], MAY_BE_EMPTY] = {}
    tags: Annotated[tuple[Tag, ...], SEVERAL] = ()
    stages: Annotated[tuple[Key, ...], SEVERAL] = ()
    values: Annotated[dict[Key, Text], MAY_BE_EMPTY] = {}
    segments: Annotated[dict[Key, str], MAY_BE_EMPTY] = {}
    track_clicks: bool = False
    consent_required: bool = False
    privacy: Text | None = None
    terms: Text | None = None
    shop: Annotated[ShopConfig, MAY_BE_EMPTY] = ShopConfig()
    messages: Annotated[MessageRules, MAY_BE_EMPTY] = MessageRules()
    webhooks: Annotated[dict[Key, WebhookConfig], MAY_BE_EMPTY] = {}
    flows: Annotated[dict[Key, Flow], MAY_BE_EMPTY] = {}
    funnels: Annotated[dict[Key, Funnel], MAY_BE_EMPTY] = {}
    # further files that hold some of the above, by their paths from this one; `*` stands for any
    include: Annotated[tuple[str, ...], ONE_OR_MORE] = ()

    def setup(self) -> CreatorSetup:
        return CreatorSetup(
            language=self.language,
            currency=self.currency,
            time_zone=self.time_zone,
            fields=self.fields,
            offered=options_by_flows(self.flows.values()),
            tags=frozenset(self.tags),
            stages=self.stages,
            values=self.values,
            segments=self.segments,
            flows=frozenset(self.flows),
            funnels=frozenset(self.funnels),
            messages=self.messages,
            webhooks={name: each.made() for name, each in self.webhooks.items()},
            track_clicks=self.track_clicks,
            consent_required=self.consent_required,
            privacy=self.privacy,
            terms=self.terms,
            shop=self.shop.setup(),
        )

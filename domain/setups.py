"""What a creator has set up beside flows and funnels: fields, tags, stages, words of their own, segments."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.clicks import Tracker
from domain.events import KNOWN_EVENTS
from domain.fields import CHOICES, Choice, LeadFieldSpec
from domain.message_rules import MessageRules, Webhook
from domain.messages.local import LocalText, pick
from domain.pay_links import PayLinks
from domain.shop_setup import ShopSetup
from store.models import LeadStage
from store.segments.known import Known, KnownField


@dataclass(frozen=True, slots=True)
class CreatorSetup:
    language: str = "en"
    currency: str = "usd"
    time_zone: str = "UTC"
    fields: Mapping[str, LeadFieldSpec] = field(default_factory=dict)
    # what the flows offer where a field of choices lists no options
    offered: Mapping[str, tuple[Choice, ...]] = field(default_factory=dict)
    # tags that flows and funnels of the file may give; by chat and API there may be others
    tags: frozenset[str] = frozenset()
    # of the creator's own, beside Spark's
    stages: tuple[str, ...] = ()
    # `{{ creator.NAME }}` in texts
    values: Mapping[str, LocalText] = field(default_factory=dict)
    segments: Mapping[str, str] = field(default_factory=dict)
    flows: frozenset[str] = frozenset()
    funnels: frozenset[str] = frozenset()
    # over funnels and broadcasts together
    messages: MessageRules = field(default_factory=MessageRules)
    # addresses that funnels can call, by name
    webhooks: Mapping[str, Webhook] = field(default_factory=dict)
    # clicks of https links in this creator's texts go through Spark and are counted
    track_clicks: bool = False
    # leads links through Spark; made when Spark starts, if track_clicks says so
    tracker: Tracker | None = None
    # marketing reaches only leads who have consented
    consent_required: bool = False
    privacy: LocalText | None = None
    terms: LocalText | None = None
    shop: ShopSetup = field(default_factory=ShopSetup)
    # makes addresses at which something is paid; made when Spark starts
    pay_links: PayLinks | None = None

    @property
    def all_stages(self) -> tuple[str, ...]:
        return (*LeadStage, *(each for each in self.stages if each not in set(LeadStage)))

    def spec(self, key: str) -> LeadFieldSpec | None:
        """One of the creator's own; a choice that lists no options has those that the flows offer."""
        spec = self.fields.get(key)
        if spec is None or spec.options or spec.kind not in CHOICES or key not in self.offered:
            return spec
        return spec.model_copy(update={"options": self.offered[key]})

    def known(self, saved: Mapping[str, str] | None = None) -> Known:
        """What a segment may name; `saved` are the segments kept in the store."""
        fields = {
            key: KnownField(each.kind, each.sealed, frozenset(option.value for option in each.options))
            for key, each in ((key, self.spec(key)) for key in self.fields)
            if each is not None
        }
        return Known(
            fields=fields,
            stages=self.all_stages,
            flows=self.flows,
            funnels=self.funnels,
            events=KNOWN_EVENTS,
            segments={**(saved or {}), **self.segments},
            currency=self.currency,
            time_zone=self.time_zone,
        )

    def words(self, name: str, language: str) -> dict[str, object]:
        """What `{{ creator.… }}` may name: the creator's name, and their own values in a language."""
        return {"name": name, **{key: pick(text, language, self.language) for key, text in self.values.items()}}

"""Everything that is known about one lead, as one message."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time

from bot.turn import Turn
from domain.leads import zone_of
from domain.setups import CreatorSetup
from domain.shown import showing
from kit.money import Money, language_of
from kit.text import TEXT_LIMIT, shorten, unmarked, visible_length
from store.models import EnrollmentState, FlowRunState
from store.queries.lead_card import LeadCard

VALUE_LENGTH = 200
SAID_LENGTH = 80
MOST_TAGS = 40
# for the ellipsis that stands where something was left out
_ROOM = 10


def card_text(turn: Turn, card: LeadCard, setup: CreatorSetup) -> str:
    """Telegram HTML that fits one message; what is oldest is left out first."""
    zone = zone_of(card.lead, setup)
    lines = [
        *_head(turn, card),
        *_contacts(turn, card),
        *_where(turn, card, zone),
        *_standing(turn, card, zone),
        *_section(turn, "card-answers", _answers(turn, card)),
        *_section(turn, "card-orders", _orders(turn, card)),
        *_section(turn, "card-ways", _ways(turn, card)),
        *_section(turn, "card-notes", _notes(turn, card, zone)),
        *_section(turn, "card-messages", _messages(turn, card, zone)),
    ]
    return fitting(lines)


def fitting(lines: Iterable[str], limit: int = TEXT_LIMIT) -> str:
    """As many whole lines as one message takes; an ellipsis tells that there are more."""
    kept: list[str] = []
    length = 0
    for line in lines:
        length += visible_length(line) + 1
        if length > limit - _ROOM:
            kept.append("…")
            break
        kept.append(line)
    return "\n".join(kept)


def moment(turn: Turn, at: datetime, zone: ZoneInfo) -> str:
    """Day and time as people of this language write them, in that zone."""
    local, language = at.astimezone(zone), language_of(turn.person.speaks)
    return f"{format_date(local, 'medium', locale=language)}, {format_time(local, 'short', locale=language)}"


def subject_told(turn: Turn, subject: str) -> str:
    """What something was about: `order:7` is order 7."""
    kind, _, number = subject.partition(":")
    return f"{turn.word(f'about-{kind}', kind)} {number}".strip()


def _head(turn: Turn, card: LeadCard) -> list[str]:
    lead, person = card.lead, card.person
    name = lead.name or (person.first_name if person else "") or "—"
    lines = [turn.words("card-title", lead=lead.id, name=shorten(name, VALUE_LENGTH))]
    if card.merged:
        lines.append(turn.words("card-merged", leads=", ".join(str(each) for each in card.merged[:MOST_TAGS])))
    for other in card.duplicates:
        proof = turn.words(f"card-proof-{other.proof.value}")
        lines.append(turn.words(f"card-same-{other.contact}", other=other.lead_id, proof=proof))
    if lead.banned_at:
        lines.append(turn.words("card-banned"))
    if lead.taken_over_at:
        lines.append(turn.words("card-taken"))
    return lines


def _contacts(turn: Turn, card: LeadCard) -> list[str]:
    lead, person = card.lead, card.person
    lines = []
    if person is None:
        lines.append(turn.words("card-no-chat"))
    else:
        username = f"@{person.username}" if person.username else ""
        lines.append(
            turn.words("card-chat", telegram=person.telegram_id, name=person.first_name or "—", username=username)
        )
    if lead.email:
        proof = turn.words(f"card-proof-{lead.email_proof.value}")
        lines.append(turn.words("card-email", email=shorten(lead.email, VALUE_LENGTH), proof=proof))
    if lead.phone:
        proof = turn.words(f"card-proof-{lead.phone_proof.value}")
        lines.append(turn.words("card-phone", phone=shorten(lead.phone, VALUE_LENGTH), proof=proof))
    return lines


def _where(turn: Turn, card: LeadCard, zone: ZoneInfo) -> list[str]:
    """Language, time, source."""
    lead = card.lead
    lines = []
    if card.person is not None:
        lines.append(turn.words("card-language", spoken=_language(turn, card.person.speaks)))
    lines.append(turn.words("card-time", zone=zone.key, time=moment(turn, turn.now, zone)))
    source = card.link.title if card.link is not None else lead.source or "—"
    if card.idea is not None and card.idea != source:
        source = f"{source} – {turn.words('link-to-idea')} {card.idea}"
    lines.append(turn.words("card-source", source=shorten(source, VALUE_LENGTH)))
    if card.touch_count > 1:
        latest = ", ".join(shorten(each.title or each.source or "—", SAID_LENGTH) for each in card.touches)
        lines.append(turn.words("card-touches", count=card.touch_count, latest=latest))
    return lines


def _language(turn: Turn, spoken: str) -> str:
    """As it is called, and as a segment asks for it: `German (de)`."""
    name = Locale.parse(language_of(turn.person.speaks)).languages.get(spoken.partition("-")[0].lower())
    return spoken if name is None else f"{name} ({spoken})"


def _standing(turn: Turn, card: LeadCard, zone: ZoneInfo) -> list[str]:
    """How far the lead has come, and whether they may be written to."""
    lead = card.lead
    lines = [turn.words("card-stage", stage=turn.word(f"stage-{lead.stage}", lead.stage), score=lead.score)]
    if card.tags:
        lines.append(turn.words("card-tags", tags=" ".join(f"#{each}" for each in card.tags[:MOST_TAGS])))
    since = moment(turn, lead.created_at, zone)
    if lead.seen_at is None:
        lines.append(turn.words("card-never", since=since))
    else:
        lines.append(turn.words("card-since", since=since, seen=moment(turn, lead.seen_at, zone)))
    if lead.consented_at:
        version = card.consents[0].version if card.consents else "—"
        lines.append(turn.words("card-consent", at=moment(turn, lead.consented_at, zone), version=version))
    if lead.unsubscribed_at:
        lines.append(turn.words("card-unsubscribed", at=moment(turn, lead.unsubscribed_at, zone)))
    if card.person is not None and card.person.blocked_at:
        lines.append(turn.words("card-blocked", at=moment(turn, card.person.blocked_at, zone)))
    return lines


def _section(turn: Turn, title: str, lines: Iterable[str]) -> list[str]:
    """Under a heading; nothing at all when there is nothing to tell."""
    told = list(lines)
    return ["", turn.words(title), *told] if told else []


def _answers(turn: Turn, card: LeadCard) -> Iterator[str]:
    by, speaks = showing(turn.facts.published, card.lead.creator_id), turn.person.speaks
    files = {str(file.id): file.file_name for file in card.files}
    for answered in card.answers:
        field = shorten(by.name(answered.key, speaks), SAID_LENGTH)
        value = ", ".join(by.value(answered.key, each, speaks, files) for each in answered.values)
        yield turn.words("card-answer", field=field, value=shorten(value, VALUE_LENGTH))


def _orders(turn: Turn, card: LeadCard) -> list[str]:
    speaks = turn.person.speaks
    lines = [
        turn.words(
            "card-order",
            order=each.id,
            title=shorten(each.title, SAID_LENGTH),
            total=each.total.format(speaks),
            state=turn.word(f"order-is-{each.state}", each.state),
        )
        for each in card.orders
    ]
    if card.order_count > len(card.orders):
        lines.append(turn.words("card-more", count=card.order_count - len(card.orders)))
    if card.spent:
        spent = ", ".join(Money(amount, currency).format(speaks) for currency, amount in card.spent.items())
        lines.append(turn.words("card-spent", spent=spent))
    if card.owned:
        owned = ", ".join(shorten(each, SAID_LENGTH) for each in card.owned)
        lines.append(turn.words("card-owned", titles=shorten(owned, VALUE_LENGTH)))
    return lines


def _ways(turn: Turn, card: LeadCard) -> list[str]:
    """The conversations and follow-ups that the lead is or was in."""
    lines = []
    for flow in card.flows:
        under_way = flow.state in {FlowRunState.ACTIVE, FlowRunState.WAITING, FlowRunState.PAUSED}
        place = f" · {flow.node}" if under_way else ""
        lines.append(
            turn.words("card-flow", flow=flow.flow, state=turn.word(f"flow-is-{flow.state}", flow.state) + place)
        )
    for funnel in card.funnels:
        place = f" · {funnel.step}" if funnel.state == EnrollmentState.ACTIVE and funnel.step else ""
        about = f" · {subject_told(turn, funnel.subject)}" if funnel.subject else ""
        state = turn.word(f"funnel-is-{funnel.state}", funnel.state)
        lines.append(turn.words("card-funnel", funnel=funnel.funnel, state=state + place + about))
    return lines


def _notes(turn: Turn, card: LeadCard, zone: ZoneInfo) -> list[str]:
    lines = [
        turn.words("card-note", at=moment(turn, each.created_at, zone), text=shorten(each.text, VALUE_LENGTH))
        for each in card.notes
    ]
    if card.note_count > len(card.notes):
        lines.append(turn.words("card-more", count=card.note_count - len(card.notes)))
    return lines


def _messages(turn: Turn, card: LeadCard, zone: ZoneInfo) -> Sequence[str]:
    return [
        turn.words(
            "card-message",
            at=moment(turn, each.at, zone),
            kind=turn.word(f"message-of-{each.kind}", each.kind),
            state=turn.word(f"message-is-{each.state}", each.state),
            text=shorten(" ".join(unmarked(turn.told_of(each.kind, each.text)).split()) or "📎", SAID_LENGTH),
        )
        for each in card.messages
    ]

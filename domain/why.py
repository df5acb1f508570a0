"""Decisions in words that people understand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from domain.decisions import Decided, Happening, Outcome
from domain.entering import Entering
from domain.messages.catalogue import word_for_reason
from kit.errors import Reason

_BY_FUNNEL = "funnel:"
_KINDS = frozenset({"segment", "date", "cron", "inactive", "hand", "flow", "link"})
_PLAIN = frozenset(
    {
        *(Outcome.SAID, Outcome.LEFT_OUT, Outcome.HELD, Outcome.WAITS, Outcome.HAPPENED, Outcome.TIMED_OUT),
        *(Outcome.DONE, Outcome.END, Outcome.AGAIN, Outcome.SENT),
    }
)
_WITH_REASON = frozenset(
    {
        *(Outcome.LEFT_OUT, Outcome.NO_DATE, Outcome.NOT_MEANT, Outcome.ARM, Outcome.GOAL, Outcome.STOPPED),
        *(Outcome.PARKED, Outcome.FAILED, Outcome.UNCERTAIN, Outcome.END),
    }
)


def why(decided: Decided, language: str, zone: ZoneInfo) -> list[Reason]:
    """A heading that says when, about what and in which wording, and a line for each thing that came of it."""
    kind, _, name = decided.about.partition(":")
    at = told_at(decided.at, zone)
    if kind != "funnel":
        heading = Reason("why-broadcast", at=at, number=name)
    elif decided.version is None:
        heading = Reason("why-funnel", at=at, name=name)
    else:
        heading = Reason("why-version", at=at, name=name, number=decided.version)
    teller = _Teller(decided, language, zone)
    return [heading, *(teller.line(step, outcome, saw) for step, outcome, *saw in decided.trace)]


def told_at(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


@dataclass(frozen=True, slots=True)
class _Teller:
    decided: Decided
    language: str
    zone: ZoneInfo

    def line(self, step: str, outcome: str, saw: Sequence[Any]) -> Reason:
        entered = outcome in set(Entering)
        told = self._entered(outcome, str(saw[0]), saw[1:]) if entered and saw else self._came_of(outcome, saw)
        return Reason("why-step", step=step, told=told) if step else Reason("why-whole", told=told)

    def _entered(self, outcome: str, begun_by: str, seen: Sequence[Any]) -> Reason:
        told = " ".join(str(each) for each in seen)
        return Reason(f"why-entered-{outcome}", by=self._by(begun_by), seen=told)

    def _came_of(self, outcome: str, saw: Sequence[Any]) -> Reason:
        match outcome, saw:
            case Outcome.WAITS, [str(event), (int() | None) as until]:
                return self._waits_for(event, until)
            case ((Outcome.WAITS | Outcome.PASSED | Outcome.SAID | Outcome.PUT_OFF), [int(until)]):
                return Reason(f"why-at-{outcome}", at=self._instant(until))
            case Outcome.PUT_OFF, [int(until), str(reason)]:
                return Reason("why-put-off-for", at=self._instant(until), reason=self._word(reason))
            case Outcome.BRANCH, [to, question]:
                told = Reason("why-branch-case", to=to or "—", question=question)
                return told if question else Reason("why-branch-none", to=to or "—")
            case Outcome.MOVED, [before, after]:
                return Reason("why-moved-over", before=before, after=after)
            case ((Outcome.GOAL | Outcome.STOPPED), [str(reason), str(event)]):
                return Reason(f"why-for-{outcome}", reason=self._ended_by(event) or self._word(reason))
            case Outcome.STOPPED, [str(reason)] if reason.startswith(_BY_FUNNEL):
                by = Reason("why-by-funnel", name=reason.removeprefix(_BY_FUNNEL))
                return Reason("why-for-stopped", reason=by)
            case _, [] if outcome in _PLAIN:
                return Reason(f"why-plain-{outcome}")
            case _, [str(reason)] if outcome in _WITH_REASON:
                held_out = (outcome, reason) == (Outcome.ARM, "holdout")
                return Reason("why-holdout" if held_out else f"why-for-{outcome}", reason=self._word(reason))
        # a word that a newer Spark wrote down is shown as it stands
        return Reason("why-other", outcome=outcome, saw=" ".join(str(each) for each in saw))

    def _waits_for(self, event: str, until: int | None) -> Reason:
        if until is None:
            return Reason("why-waits-event", event=event)
        return Reason("why-waits-either", event=event, at=self._instant(until))

    def _by(self, begun_by: str) -> Reason:
        """What began it, as far as that is still known."""
        event = self.decided.events.get(begun_by)
        if event is not None:
            return _told_of(event, event.name)
        kind, _, name = begun_by.partition(":")
        if kind == "funnel":
            return Reason("why-by-funnel", name=name)
        return Reason(f"why-by-kind-{kind}") if kind in _KINDS else Reason("why-by-event", event=begun_by)

    def _ended_by(self, event: str) -> Reason | None:
        """None for what is not known any more."""
        happening = self.decided.events.get(event)
        return None if happening is None else _told_of(happening, self._word(happening.name))

    def _instant(self, seconds: int) -> str:
        return told_at(datetime.fromtimestamp(seconds, UTC), self.zone)

    def _word(self, reason: str) -> str:
        """Spark's own word for a reason of its own; a question, a field or what went wrong stays as it is."""
        return word_for_reason(reason, self.language)


def _told_of(event: Happening, name: str) -> Reason:
    data = ", ".join(f"{key}={value}" for key, value in event.data.items() if value is not None)
    about = " ".join(each for each in (event.subject, data) if each)
    told = Reason("why-by-event-about", event=name, about=about)
    return told if about else Reason("why-by-event", event=name)

"""Wordings that a creator has sent, before they are confirmed: what is wrong with them, or what they would change."""

from collections.abc import Iterator, Sequence

from automations.changes import Foreseen
from automations.proposing import Proposed
from bot.handlers.lead_card import fitting
from domain.funnels.moving import Fate, Policy
from domain.messages.catalogue import plain, say
from domain.messages.plain import Button, Message, column
from kit.text import TEXT_LIMIT, escape, shorten, utf16_length
from kit.yaml_text import Problem

MOST_PROBLEMS = 20
PROBLEM_LENGTH = 300
# of what has changed in one of them; the rest comes as a file
LINES_SHOWN = 40
LINE_LENGTH = 72
# for the question under it
_ROOM = 400
MOST_GROUPS = 12


def problems_screen(problems: Sequence[Problem], language: str) -> Message:
    """Nothing was saved. The lines are those of the file, in English as they come from the check."""
    shown = [f"• <code>{escape(shorten(str(each), PROBLEM_LENGTH))}</code>" for each in problems[:MOST_PROBLEMS]]
    if len(problems) > MOST_PROBLEMS:
        shown.append(say("funnels-more-problems", language, count=len(problems) - MOST_PROBLEMS))
    return Message(text="\n".join([say("funnels-problems", language, count=len(problems)), *shown]))


def nothing_new(proposed: Sequence[Proposed], language: str) -> Message | None:
    """Where everything is so already, and nobody is under way in another wording."""
    if any(each.changed or each.foreseen or each.runs_again for each in proposed):
        return None
    return Message(text=say("funnels-same", language, names=_names(proposed)))


def proposal_screen(proposed: Sequence[Proposed], draft: int, language: str) -> tuple[Message, bool]:
    """What would change and for whom, with a button for each way of dealing with those who are under way.

    False with it where something had to be left out: then it is told whole as a file.
    """
    parts = [part for each in proposed for part in (*_told(each, language), "")]
    shown = fitting(parts, TEXT_LIMIT - _ROOM)
    under_way = sum(each.under_way for each in proposed)
    asked = say("funnels-confirm-moving" if under_way else "funnels-confirm", language)
    buttons = [
        Button(text=_label(proposed, policy, under_way, language), data=f"fn:draft:{draft}:{policy}")
        for policy in _policies(proposed, under_way)
    ]
    drop = Button(text=plain("funnels-button-drop", language), data=f"fn:draft:{draft}:drop")
    whole = not shown.endswith("\n…") and not any(_is_cut(each) for each in proposed)
    return Message(text=f"{shown}\n{asked}", buttons=column(*buttons, drop)), whole


def _policies(proposed: Sequence[Proposed], under_way: int) -> list[Policy]:
    """Only those that make a difference."""
    if not under_way:
        return [Policy.KEEP]
    gone = any(group.fate is Fate.GONE for each in proposed for group in each.foreseen)
    return list(Policy) if gone else [Policy.KEEP, Policy.MOVE]


def whole_change(proposed: Sequence[Proposed]) -> str:
    """All of it, as a text file."""
    return "\n".join(line for each in proposed for line in (f"# {each.key}", *each.changed, ""))


def _told(each: Proposed, language: str) -> Iterator[str]:
    if each.is_new:
        yield say("funnels-is-new", language, name=each.key)
    elif each.changed:
        yield say("funnels-is-changed", language, name=each.key, number=each.number)
    else:
        yield say("funnels-is-same", language, name=each.key, number=each.number)
    if each.runs_again:
        yield say("funnels-runs-again", language)
    if each.changed:
        lines = [shorten(line, LINE_LENGTH) for line in each.changed[:LINES_SHOWN]]
        left = ["…"] if len(each.changed) > LINES_SHOWN else []
        yield f"<pre>{escape(chr(10).join([*lines, *left]))}</pre>"
    for group in each.foreseen[:MOST_GROUPS]:
        yield from _group(group, language)
    if len(each.foreseen) > MOST_GROUPS:
        yield say("funnels-more-groups", language, count=len(each.foreseen) - MOST_GROUPS)


def _is_cut(each: Proposed) -> bool:
    return len(each.changed) > LINES_SHOWN or any(utf16_length(line) > LINE_LENGTH for line in each.changed)


def _group(foreseen: Foreseen, language: str) -> Iterator[str]:
    group = foreseen.group
    values = {"people": group.people, "number": group.number, "step": group.step}
    yield say("funnels-group" if group.step else "funnels-group-begins", language, **values)
    if foreseen.fate is Fate.GONE:
        yield say("funnels-group-gone", language)
    for step, count in sorted(foreseen.at_once.items()):
        yield say("funnels-group-at-once", language, step=step, count=count)


def _label(proposed: Sequence[Proposed], policy: Policy, under_way: int, language: str) -> str:
    if not under_way:
        return plain("funnels-button-save", language)
    at_once = sum(each.at_once(policy) for each in proposed)
    return plain(f"funnels-button-{policy}", language, count=at_once)


def _names(proposed: Sequence[Proposed]) -> str:
    return ", ".join(each.key for each in proposed)

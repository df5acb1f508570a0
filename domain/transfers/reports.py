"""What is told of a transfer, as messages with their buttons."""

from collections.abc import Sequence

from domain.messages.catalogue import say
from domain.messages.local import pick
from domain.messages.plain import Button, Message, Rows, column
from domain.setups import CreatorSetup
from domain.transfers.importing import Tally
from domain.transfers.mapping import OWN
from domain.transfers.reading import Layout
from kit.text import shorten

# named in the chat; all of them stand in the file
NAMED = 10
_SHOWN_COLUMNS = 20
_ON_A_PAGE = 8
_LABEL = 40
_MINUTE = 60


def told_target(target: str | None, setup: CreatorSetup, language: str) -> str:
    """What a column is taken for, in plain words."""
    if target is None:
        return say("import-left-out", language)
    if target.startswith(OWN):
        key = target.removeprefix(OWN)
        spec = setup.fields.get(key)
        return key if spec is None or spec.label is None else pick(spec.label, language, setup.language)
    return say(f"import-target-{target.replace('_', '-')}", language)


def check_report(
    transfer_id: int,
    layout: Layout,
    tally: Tally,
    setup: CreatorSetup,
    *,
    file_name: str,
    problems: Sequence[tuple[int, str]],
    known: Sequence[tuple[int, int]],
    language: str,
) -> Message:
    """What an import would do, row by row where it would not, with buttons to do it, to change columns, to leave it."""
    good = tally.added + tally.changed
    lines = [
        say("import-checked", language, name=shorten(file_name, _LABEL), rows=tally.rows),
        say("import-tally", language, added=tally.added, known=tally.changed, bad=tally.bad),
        "",
        say("import-columns", language),
    ]
    for name, target in list(zip(layout.columns, layout.fields, strict=True))[:_SHOWN_COLUMNS]:
        told = told_target(target, setup, language)
        lines.append(say("import-column", language, column=shorten(name, _LABEL) or "–", field=told))
    if len(layout.columns) > _SHOWN_COLUMNS:
        lines.append(say("import-more", language, count=len(layout.columns) - _SHOWN_COLUMNS))
    if known:
        lines += ["", say("import-known", language)]
        lines += [say("import-known-row", language, row=row, lead=lead) for row, lead in known[:NAMED]]
        lines += [say("import-more", language, count=tally.changed - NAMED)] if tally.changed > NAMED else []
    lines += _problem_lines(problems, tally.bad, language)
    if not good:
        lines += ["", say("import-nothing", language)]
    yes = [Button(text=say("import-button-go", language, rows=good), data=f"import:{transfer_id}:go")] if good else []
    change = Button(text=say("import-button-columns", language), data=f"import:{transfer_id}:columns:0")
    leave = Button(text=say("import-button-leave", language), data=f"import:{transfer_id}:leave")
    return Message(text="\n".join(lines), buttons=column(*yes, change, leave))


def done_report(
    tally: Tally, *, file_name: str, late: Sequence[tuple[int, str]], late_count: int, language: str
) -> Message:
    """What an import did."""
    same = max(tally.rows - tally.added - tally.changed - tally.bad, 0)
    name = shorten(file_name, _LABEL)
    told = say("import-done", language, name=name, added=tally.added, changed=tally.changed, same=same, bad=tally.bad)
    return Message(text="\n".join([told, *_problem_lines(late, late_count, language)]))


def _problem_lines(problems: Sequence[tuple[int, str]], count: int, language: str) -> list[str]:
    if not problems:
        return []
    rows = [say("import-problem", language, row=row, reason=reason) for row, reason in problems[:NAMED]]
    more = [say("import-more", language, count=count - NAMED)] if count > NAMED else []
    return ["", say("import-problems", language), *rows, *more]


def columns_menu(transfer_id: int, layout: Layout, setup: CreatorSetup, page: int, language: str) -> Rows:
    """One button for each column, a page of them at a time."""
    start = page * _ON_A_PAGE
    names = list(zip(layout.columns, layout.fields, strict=True))
    buttons = [
        Button(
            text=shorten(f"{name or '–'} → {told_target(target, setup, language)}", _LABEL),
            data=f"import:{transfer_id}:column:{number}:0",
        )
        for number, (name, target) in list(enumerate(names))[start : start + _ON_A_PAGE]
    ]
    return (*column(*buttons), *_turns(f"import:{transfer_id}:columns", page, len(names), language))


def targets_menu(
    transfer_id: int, number: int, targets: Sequence[str], setup: CreatorSetup, *, page: int, language: str
) -> Rows:
    """One button for each field that a column can be, and one to leave it out."""
    start = page * _ON_A_PAGE
    buttons = [
        Button(
            text=shorten(told_target(target, setup, language), _LABEL),
            data=f"import:{transfer_id}:set:{number}:{place}",
        )
        for place, target in list(enumerate(targets))[start : start + _ON_A_PAGE]
    ]
    out = Button(text=say("import-left-out", language), data=f"import:{transfer_id}:set:{number}:-")
    turns = _turns(f"import:{transfer_id}:column:{number}", page, len(targets), language)
    return (*column(*buttons, out), *turns)


def _turns(data: str, page: int, count: int, language: str) -> Rows:
    """Buttons to the page before and the one behind, where there are any."""
    before = [Button(text=say("import-button-before", language), data=f"{data}:{page - 1}")] if page else []
    further = (page + 1) * _ON_A_PAGE < count
    behind = [Button(text=say("import-button-behind", language), data=f"{data}:{page + 1}")] if further else []
    return ((*before, *behind),) if before or behind else ()


def progress(
    kind: str, *, rows: int, share: float | None, rate: float, seconds_left: float | None, language: str
) -> str:
    """`kind` is check, import or export; `share` of the whole, rows a second, and how long it may still take."""
    lines = [say(f"transfer-progress-{kind}", language, rows=rows, rate=round(rate))]
    if share is not None and seconds_left is not None:
        percent = min(int(share * 100), 99)
        whole = round(seconds_left)
        minutes, seconds = divmod(whole, _MINUTE)
        lines.append(say("transfer-progress-left", language, percent=percent, minutes=minutes, seconds=seconds))
    return "\n".join(lines)

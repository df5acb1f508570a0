"""A broadcast in one line: what of it is whom, when and what."""

from typing import cast
from zoneinfo import ZoneInfo

import pytest

from bot.handlers.broadcast_lines import read_line
from bot.turn import Turn

BERLIN = ZoneInfo("Europe/Berlin")
# asked only for the words of a refusal, and none of these is one
NOBODY = cast("Turn", None)


@pytest.mark.parametrize(
    ("line", "question", "text"),
    [
        ("all Local meetup tonight", "", "Local meetup tonight"),
        ("alle Lokal geschlossen", "", "Lokal geschlossen"),
        ('all at="2026-12-01 10:00" Local meetup', "", "Local meetup"),
        ("all local meetup", "", "local meetup"),
        ("“tag:vip” She said “hi”", "tag:vip", "She said “hi”"),
        ("all Hi {{ lead.first_name or “there” }}, “you”", "", 'Hi {{ lead.first_name or "there" }}, “you”'),
        ("all {% if lead.score > 5 %}A & B{% endif %}", "", "{% if lead.score > 5 %}A &amp; B{% endif %}"),
    ],
)
def test_a_line_is_read_as_it_was_typed(line: str, question: str, text: str):
    read = read_line(NOBODY, line, BERLIN)
    assert (read.question, read.text) == (question, text)


@pytest.mark.parametrize(
    ("line", "local_at"),
    [
        ("all at=“2026-12-01 10:00” local Good morning", "2026-12-01T10:00"),
        ('all At="2026-12-01 10:00" lokal Guten Morgen', "2026-12-01T10:00"),
        ('all at="2026-12-01 10:00" locally grown', None),
    ],
)
def test_whose_clock_counts_is_said_behind_the_time(line: str, local_at: str | None):
    when = read_line(NOBODY, line, BERLIN).when
    assert when is not None
    assert when.at.isoformat() == "2026-12-01T09:00:00+00:00"
    assert when.local_at == local_at

import pytest
from folk import NOW, a_creator, a_person

from domain.field_values import BadValue, read_value
from domain.fields import Choice, LeadFieldSpec
from domain.lead_views import KEPT_FOR, ViewGone, Wanted, find_view, open_view, wanted_by
from domain.prompts import GOOD_FOR, Prompted, ask_next, drop_prompt, take_next
from store.database import Database
from store.models import FieldKind

TOPICS = (Choice(value="a", label={"en": "First <one>", "de": "Erstes"}), Choice(value="b", label="Second"))


async def test_a_prompt_is_taken_once_and_the_later_of_two_counts(database: Database):
    async with database.transaction() as session:
        person = await a_person(session)
        await ask_next(session, person.id, "write", {"lead": 7}, now=NOW)
        await ask_next(session, person.id, "note", {"lead": 8}, now=NOW)
        assert await take_next(session, person.id, now=NOW) == Prompted("note", {"lead": 8})
        assert await take_next(session, person.id, now=NOW) is None


async def test_a_prompt_is_good_for_a_quarter_of_an_hour(database: Database):
    async with database.transaction() as session:
        person = await a_person(session)
        await ask_next(session, person.id, "write", {"lead": 7}, now=NOW)
        assert await take_next(session, person.id, now=NOW + GOOD_FOR) is None
        # an old one is no obstacle, and each is somebody's own
        await ask_next(session, person.id, "write", {"lead": 7}, now=NOW)
        other = await a_person(session, 2002)
        assert await take_next(session, other.id, now=NOW) is None
        assert await drop_prompt(session, person.id)
        assert not await drop_prompt(session, person.id)
        assert await take_next(session, person.id, now=NOW) is None


async def test_a_list_is_kept_for_its_owner_until_it_is_too_old(database: Database):
    wanted = Wanted(search="Änna <b>", conditions=("tag:vip or tag:old", "stage:new"))
    async with database.transaction() as session:
        creator = await a_creator(session)
        person = await a_person(session)
        view = await open_view(session, creator.id, person.id, wanted, now=NOW)
        found = await find_view(session, view.id, person.id)
        assert wanted_by(found) == wanted
        assert wanted.question == "(tag:vip or tag:old) and stage:new"
        with pytest.raises(ViewGone):
            await find_view(session, view.id, person.id + 1)
        later = await open_view(session, creator.id, person.id, Wanted(), now=NOW + KEPT_FOR * 2)
        # a new list never has the number of an old one
        assert later.id != view.id
        with pytest.raises(ViewGone):
            await find_view(session, view.id, person.id)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (FieldKind.TEXT, "  any <text> ", "any <text>"),
        (FieldKind.NUMBER, "12.5", 12.5),
        (FieldKind.NUMBER, "-3", -3.0),
        (FieldKind.YES_NO, "Ja", True),
        (FieldKind.YES_NO, "no", False),
        (FieldKind.CHOICE, "erstes", "a"),
        (FieldKind.CHOICE, "FIRST <one>", "a"),
        (FieldKind.CHOICES, "Second, a, b", ["b", "a"]),
        (FieldKind.LOCATION, "52.52, 13.405", "52.52,13.405"),
    ],
)
def test_a_value_is_read_as_its_kind_is_written(kind: FieldKind, text: str, value: object):
    spec = LeadFieldSpec(kind=kind, options=TOPICS if "choice" in kind else ())
    assert read_value("field", text, spec, language="en", today=NOW.date()) == value


def test_a_date_is_read_as_the_language_writes_it():
    spec = LeadFieldSpec(kind=FieldKind.DATE)
    for text in ("2026-12-01", "1.12.2026", "1. Dezember 2026"):
        assert str(read_value("day", text, spec, language="de", today=NOW.date())) == "2026-12-01"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *((FieldKind.TEXT, text) for text in ("", "x" * 4001)),
        *((FieldKind.NUMBER, text) for text in ("many", "", "1e999", "9" * 40, "nan")),
        *((FieldKind.DATE, text) for text in ("tomorrow", "2026-02-30")),
        (FieldKind.YES_NO, "perhaps"),
        *((FieldKind.CHOICE, text) for text in ("third", "")),
        *((FieldKind.CHOICES, text) for text in ("", ", ,", "a, third")),
        *((FieldKind.LOCATION, text) for text in ("here", "91,0", "0,181")),
        (FieldKind.FILE, "12"),
    ],
)
def test_what_cannot_be_read_is_told_with_the_right_form(kind: FieldKind, text: str):
    spec = LeadFieldSpec(kind=kind, options=TOPICS if "choice" in kind else ())
    with pytest.raises(BadValue, match="field is "):
        read_value("field", text, spec, language="en", today=NOW.date())

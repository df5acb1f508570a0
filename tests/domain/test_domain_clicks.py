import pytest
from folk import NOW, a_creator, events, some_folk

from domain.clicks import Tracker, addresses, know_addresses, note_click
from domain.messages.plain import Button, Message, column
from kit.errors import NotFound
from store.database import Database

PAGE = "https://example.com/a?b=1&c=2"
KEY = b"k" * 32


def _tracker(**ids: int) -> Tracker:
    return Tracker("https://spark.example", KEY, {PAGE: 7, **ids})


def test_links_and_buttons_lead_through_spark_and_other_addresses_stay():
    written = Message(
        text='See <a href="https://example.com/a?b=1&amp;c=2">this</a> or <a href="https://example.com/other">that</a>',
        buttons=column(
            Button(text="Go", url=PAGE), Button(text="Pay", url="https://pay.example/1"), Button(text="x", data="y")
        ),
    )
    sent = _tracker().message(written, 12)
    through = _tracker().through(PAGE, 12)
    assert through.startswith("https://spark.example/r/7-12-")
    assert f'<a href="{through}">this</a>' in sent.text
    assert '<a href="https://example.com/other">that</a>' in sent.text
    assert [row[0].url for row in sent.buttons] == [through, "https://pay.example/1", None]


def test_a_token_tells_the_address_and_the_lead_and_no_other_can_be_made_of_it():
    token = _tracker().through(PAGE, 12).rpartition("/")[2]
    assert _tracker().read(token) == (7, 12)
    for forged in (
        token.replace("7-12", "7-13"),
        token[:-1] + ("0" if token[-1] != "0" else "1"),
        "",
        "7-12",
        "x-y-z",
        token + "0",
    ):
        with pytest.raises(NotFound):
            _tracker().read(forged)
    with pytest.raises(NotFound):
        Tracker("https://spark.example", b"another key", {PAGE: 7}).read(token)


def test_only_addresses_that_read_the_same_for_everybody_are_known_beforehand():
    definition = {
        "nodes": [
            {
                "text": {
                    "en": '<a href="https://a.example/x?y=1&amp;z=2">a</a>',
                    "de": '<a href="https://b.example">b</a>',
                }
            },
            {"buttons": [{"text": "c", "url": "https://c.example"}, {"text": "d", "url": {"en": "https://d.example"}}]},
            {
                "text": '<a href="https://e.example/?mail={{ lead.email }}">e</a>',
                "url": "https://f.example/{{ lead.name }}",
            },
            {"url": "http://plain.example"},
        ]
    }
    assert set(addresses(definition)) == {
        "https://a.example/x?y=1&z=2",
        "https://b.example",
        "https://c.example",
        "https://d.example",
    }


async def test_an_address_keeps_its_number(database: Database):
    folk = await some_folk(database)
    for _ in range(2):
        async with database.transaction() as session:
            ids = await know_addresses(session, folk.creator, [PAGE, "https://example.com/"], now=NOW)
    assert len(set(ids.values())) == 2
    async with database.transaction() as session:
        again = await know_addresses(session, folk.creator, [PAGE], now=NOW)
    assert again == {PAGE: ids[PAGE]}


async def test_a_click_is_an_event_and_leads_to_the_address_that_was_kept(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        ids = await know_addresses(session, folk.creator, [PAGE], now=NOW)
        assert await note_click(session, ids[PAGE], folk.lead, now=NOW) == PAGE
        assert await note_click(session, ids[PAGE], folk.lead, now=NOW, counts=False) == PAGE
        assert await events(session, "link.clicked") == ["link.clicked"]
        other = await a_creator(session, "other", telegram_id=1002)
        foreign = await know_addresses(session, other.id, [PAGE], now=NOW)
        for url_id, lead_id in ((999, folk.lead), (ids[PAGE], 999), (foreign[PAGE], folk.lead)):
            with pytest.raises(NotFound):
                await note_click(session, url_id, lead_id, now=NOW)

"""Whatever is typed is understood, or refused by one line that says where and why."""

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from segment_sketches import KNOWN, NOW, Sketch, draw

from domain.messages.catalogue import LANGUAGES, plain_why
from kit.errors import Reason
from store.database import Database
from store.queries.leads import count_leads, lead_matches, where
from store.segments.checking import check_question, segments_in
from store.segments.question import BadSegment

MISTAKES = [
    ("", "a segment says who is meant, like tag:vip; all means everybody"),
    ("tga:vip", "character 1: there is no condition “tga”; did you mean tag?"),
    ("tag vip", "character 5: “vip” cannot stand here: and, or, or the end comes next; or write “tag:vip”"),
    ("tag:vip adn blocked", "character 9: “adn” cannot stand here: and, or, or the end comes next; did you mean and?"),
    ("tag:vip and", "character 12: the end cannot stand here: a condition comes next, like tag:vip"),
    ("tag:", "character 5: the end cannot stand here: a value comes next, like vip or “Preset pack”"),
    ("(tag:vip", "character 9: a bracket is never closed"),
    ("tag:vip)", "character 8: this bracket was never opened"),
    ('name:"ada', "character 6: this quotation mark is never closed"),
    ("tag", "character 1: tag needs a value: write tag:vip"),
    ("subscribed:yes", "character 1: subscribed takes no value"),
    ("tag>5", "character 1: tag can only be asked for equality: write tag:vip"),
    ("score>=high", "character 8: “high” is no whole number, use one such as 5"),
    ("spent>=many", "character 8: “many” is no amount: write it like 50usd or 49.90eur"),
    ("spent>=50zzz", "character 8: “zzz” is not a currency; use a code such as usd"),
    ("last_seen<soon", "character 11: “soon” is no time: write an age such as 30d, or a day such as 2026-12-01"),
    ("captured<2026-02-30", "character 10: there is no day “2026-02-30”"),
    ("captured:7d", "character 1: write captured<30d for less than that ago, or captured>30d for more"),
    ("random 200%", "character 8: “200%” is no share: write it like random 10% or random 0.5%"),
    ("stage:custmer", "character 1: there is no stage “custmer”; did you mean customer?"),
    ("in_funnel:nurtur", "character 1: there is no funnel “nurtur”; did you mean nurture?"),
    ("in_flow:xyz", "character 1: there is no flow “xyz”; there is survey or welcome"),
    ("field:aeg>5", "character 1: there is no field “aeg”; did you mean age?"),
    ("field:email=x", "character 1: email is no field of your own: write email:ada@example.com"),
    (
        "field:city>Berlin",
        "character 1: field “city” is a text, and texts stand encrypted: it can only be asked for equality, "
        "field:city=… or field:city!=…",
    ),
    ("score>=99999999999999999999", "character 8: “99999999999999999999” is too big: 999999999 at most"),
    ("field:age>=9999999999999999", "character 12: “9999999999999999” is too big: 999999999999999 at most"),
    (
        "spent>=50 usd",
        "character 11: “usd” cannot stand here: and, or, or the end comes next; or write “50usd”",
    ),
    (
        "field:salary<5",
        "character 1: field “salary” is private, so it stands encrypted: it can only be asked for "
        "equality, field:salary=… or field:salary!=…",
    ),
    ("field:plan=por", "character 12: field “plan” is never “por”; did you mean pro?"),
    ("field:plan>pro", "character 1: field can only be asked for equality: write field:city=Berlin"),
    ("field:born<soon", "character 12: “soon” is no day: write it like 2026-12-01"),
    ("field:paper=7", "character 1: a file has no value to compare; field:paper asks whether there is one"),
    ("has:mail", "character 5: has: knows no “mail”; did you mean email?"),
    ("email:ada", "character 7: “ada” is no e-mail address; one is only found whole, like email:ada@example.com"),
    ("did:custom.9", "character 5: “custom.9” is no event: write it like order.paid"),
    ("did:something", "character 5: “something” is no event: write it like order.paid"),
    ("tag:vip within 30d", "character 1: only did: takes within, like did:order.paid within 30d"),
    ("name:!?", "character 6: “!?” has no letter or digit to look for"),
    ("language:klingon!", "character 10: “klingon!” is no language: write it like de or pt-br"),
    ("segment:keeen", "character 1: there is no segment “keeen”; did you mean keen?"),
    (
        "segment:circle",
        "in segment “circle”: in segment “round”: character 12: segment “circle” is made of itself: "
        "circle → round → circle",
    ),
    ("segment:broken", "in segment “broken”: character 1: there is no condition “tga”; did you mean tag?"),
    (" and ".join(["tag:vip"] * 61), "this asks for more than 60 conditions at once"),
    ("(tag:a or " * 20 + "tag:b" + ")" * 20, "this is nested too deeply: 12 levels of brackets at most"),
    ("tag:" + "a" * 2000, "a segment is 2000 characters at most, this one has 2004"),
    ("tag:" + "a" * 201, "character 5: a value is 200 characters at most"),
]
SEGMENTS = {"keen": "tag:vip", "circle": "segment:round", "round": "blocked or segment:circle", "broken": "tga:x"}
KNOWS = replace(KNOWN, segments=SEGMENTS)


@pytest.mark.parametrize(("question", "told"), MISTAKES, ids=[question[:30] for question, _ in MISTAKES])
def test_a_mistake_is_told_with_its_place_and_the_right_form(question: str, told: str):
    with pytest.raises(BadSegment) as refused:
        check_question(question, KNOWS)
    assert str(refused.value) == told
    assert "\n" not in str(refused.value)
    why = refused.value.why
    assert why is not None
    assert plain_why(why, "en") == told
    assert plain_why(why, "de") != told


WORDS = [
    *("tag", "score", "spent", "field", "city", "and", "or", "not", "within", "random", "segment", "keen", "circle"),
    *(":", "<", ">=", "!=", "(", ")", '"', "“", "”", "\\", "10%", "30d", "50usd", "2026-13-01", "5", "all", " ", "\n"),
    *("did", "order.paid", "last_seen", "email", "a@b.de", "\0", "\ud800", "𝔘", "٣"),
]


@settings(max_examples=600, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(WORDS), max_size=14).map("".join)))
@example("score:٣")
@example("random ٣%")
@example("captured<999999999999d")
@example("spent>=99999999999999999999usd")
@example("field:age>1e999")
@example('tag:"\0"')
@example("email:\ud800@example.com")
@example("(" * 1999)
@example("not " * 499 + "all")
def test_nonsense_is_never_anything_but_a_bad_segment(question: str):
    said, told = "understood", {"en": "understood"}
    try:
        check_question(question, KNOWS)
    except BadSegment as refused:
        said = str(refused)
        told = {language: plain_why(refused.why or Reason(""), language) for language in LANGUAGES}
    assert told["en"] == said
    assert all(told.values())
    assert "\n" not in said


async def test_the_deepest_question_allowed_can_be_asked(database: Database):
    deep = "tag:a"
    for level in range(9):
        deep = f"({deep}) {'or' if level % 2 else 'and'} not tag:t{level}"
    known = replace(KNOWN, segments={"one": deep, "two": f"not (segment:one or {deep})"})
    async with database.transaction() as session:
        drawn = await draw(session, [Sketch()])
        for question in (deep, "not segment:two", " or ".join(["spent>=5usd", "tag:x", "name:ada"] * 20)):
            condition = await where(session, drawn.creator_id, question, known, now=NOW)
            assert await count_leads(session, drawn.creator_id, condition) in {0, 1}
            assert await lead_matches(session, drawn.ids[0], condition) in {True, False}


async def test_what_only_the_store_knows_is_checked_there(database: Database):
    async with database.transaction() as session:
        drawn = await draw(session, [Sketch()])
        for question, told in (
            ("bought:preset-pck", "character 8: there is no product “preset-pck”; did you mean preset-pack?"),
            ("link:nowhere", "character 6: there is no link “nowhere”; /link lists them"),
            ("clicked:99999999", "character 9: there is no link “99999999”; /link lists them"),
            ('clicked:"https://example.com/x"', "character 9: clicks on “https://example.com/x” are not counted here"),
        ):
            with pytest.raises(BadSegment) as refused:
                await where(session, drawn.creator_id, question, KNOWN, now=NOW)
            assert str(refused.value) == told
            assert refused.value.why is not None
            assert plain_why(refused.value.why, "en") == told


def test_what_other_programs_tell_can_be_asked_for_whatever_they_call_it():
    check_question("did:custom.signed_up2 within 7d", KNOWN)


def test_a_question_tells_which_segments_it_names():
    assert segments_in('segment:a and not (segment:"B" or tag:segment) or segment!=c') == {"a", "b", "c"}

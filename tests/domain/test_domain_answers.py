"""What counts as an answer to each kind of question, and what is told of everything else."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, TypeVar

import pytest
from babel.dates import format_date
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.flows.answers import (
    Answer,
    Back,
    Given,
    Ground,
    SentFile,
    SharedContact,
    SharedLocation,
    Skipped,
    Tapped,
    Typed,
    Unreadable,
    WrongAnswer,
    meant,
    read_answer,
    read_consent,
    read_option,
    read_options,
)
from domain.flows.given import BACK, DONE, NO, SKIP, YES
from domain.flows.nodes import AskNode, ChooseNode, ConsentNode
from domain.messages.catalogue import LANGUAGES, keys, say_why
from domain.zones import COMMON_ZONES
from store.models import Proof, Shape

T = TypeVar("T")
TODAY = date(2026, 11, 21)
ENGLISH = Ground("en", TODAY)
GERMAN = Ground("de", TODAY)
KINDS = ("text", "email", "phone", "number", "date", "yes_no", "file", "photo", "location", "rating", "time_zone")
PHOTO = SentFile("handle", Shape.PHOTO, "photo.jpg", "image/jpeg", 3)
DOCUMENT = SentFile("handle", Shape.DOCUMENT, "cv.pdf", "application/pdf", 3)
PICTURE = SentFile("handle", Shape.DOCUMENT, "me.png", "image/png", 3)
VOICE = SentFile("handle", Shape.VOICE, "voice.ogg", "audio/ogg", 3)


def asking(kind: str, **more: Any) -> AskNode:
    return AskNode.model_validate({"key": "q", "do": "ask", "kind": kind, "field": "answer", "text": "?", **more})


def choosing(**more: Any) -> ChooseNode:
    options = [
        {"value": "video", "label": {"en": "Video!", "de": "Filme"}},
        {"value": "photo", "label": "Photo"},
        {"value": "sound", "label": "Sound, too"},
    ]
    fields = {"key": "q", "do": "choose", "field": "answer", "text": "?", "options": options}
    return ChooseNode.model_validate({**fields, **more})


def value(node: AskNode, given: Given | str, ground: Ground = ENGLISH) -> Any:
    return read_answer(node, Typed(given) if isinstance(given, str) else given, ground).value


def why_not(node: AskNode, given: Given | str, ground: Ground = ENGLISH) -> str:
    """The key of the text that says why; that text can be said with the values that came along."""
    with pytest.raises(WrongAnswer) as wrong:
        value(node, given, ground)
    assert all(say_why(wrong.value.reason, language) for language in LANGUAGES)
    return str(wrong.value)


def tapped(option: int) -> Tapped:
    return Tapped(1, 0, option)


# Text, e-mail, phone -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("Lena", "Lena"), ("  Lena \n  Novak ", "Lena Novak"), ("a\x00b", "a b"), ("skip", "skip"), ("😀", "😀")],
)
def test_a_text_is_kept_on_one_line_without_what_nobody_sees(typed: str, kept: str):
    assert value(asking("text"), typed) == kept


@pytest.mark.parametrize(
    ("node", "typed", "why"),
    [
        (asking("text"), "   ", "answer-needs-text"),
        (asking("text"), "\x00\ud800", "answer-needs-text"),
        (asking("text"), "x" * 201, "answer-too-long"),
        (asking("text", min_length=3), "ab", "answer-too-short"),
        (asking("text", pattern="[A-Z]{2}[0-9]{4}"), "AB123", "answer-wrong-form"),
        (asking("text", pattern="[A-Z]{2}[0-9]{4}"), "AB12345", "answer-wrong-form"),
        (asking("text", pattern="a+", max_length=1000), "a" * 1000, "answer-wrong-form"),
    ],
)
def test_a_text_of_the_wrong_length_or_form_is_told_so(node: AskNode, typed: str, why: str):
    assert why_not(node, typed) == why


def test_a_pattern_is_held_against_the_whole_text():
    assert value(asking("text", pattern="[A-Z]{2}[0-9]{4}"), " AB1234 ") == "AB1234"


@pytest.mark.parametrize("given", [PHOTO, VOICE, SharedContact("+49151", own=True), SharedLocation(1, 2), Unreadable()])
def test_what_is_no_text_answers_no_question_for_one(given: Given):
    assert why_not(asking("text"), given) == "answer-needs-text"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Lena@Example.COM ", "lena@example.com"),
        ("lena+news@example.co.uk", "lena+news@example.co.uk"),
        ("Ünal@exämple.de", "ünal@exämple.de"),
    ],
)
def test_an_email_is_normalised_to_how_it_is_looked_up(typed: str, kept: str):
    answer = read_answer(asking("email"), Typed(typed), ENGLISH)
    assert (answer.value, answer.proof) == (kept, Proof.TYPED)


@pytest.mark.parametrize("typed", ["", "lena", "lena@", "lena@example", "a@b@c.com", "x" * 300 + "@example.com"])
def test_what_is_no_email_is_told_so(typed: str):
    assert why_not(asking("email"), typed) == "answer-needs-email"


@pytest.mark.parametrize("typed", ["+49 151 23456789", "0049 151 23456789", " +49 (0) 151 / 234 567 89 "])
def test_a_typed_phone_is_kept_as_e164_and_proves_nothing(typed: str):
    assert read_answer(asking("phone"), Typed(typed), ENGLISH) == Answer("+4915123456789", Proof.TYPED)


@pytest.mark.parametrize("typed", ["", "0151 23456789", "call me", "+49", "+999123456789", "+" + "1" * 400])
def test_a_phone_without_its_country_is_told_so(typed: str):
    assert why_not(asking("phone"), typed) == "answer-needs-phone"


@pytest.mark.parametrize("phone", ["4915123456789", "+4915123456789"])
def test_only_the_persons_own_contact_is_proof(phone: str):
    own = read_answer(asking("phone"), SharedContact(phone, own=True), ENGLISH)
    assert own == Answer("+4915123456789", Proof.VERIFIED)
    assert why_not(asking("phone"), SharedContact(phone, own=False)) == "answer-own-contact"


# Numbers and dates ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "language", "number"),
    [
        ("1,5", "de", 1.5),
        ("1.5", "de", 1.5),
        ("1,5", "en", 1.5),
        ("1.5", "en", 1.5),
        ("1.500", "de", 1500),
        ("1.500", "en", 1.5),
        ("1,500", "en", 1500),
        ("1,500", "de", 1.5),
        ("1.234,56", "en", 1234.56),
        ("1,234.56", "de", 1234.56),
        ("1 234 567", "fr", 1234567),
        ("12'500.5", "en", 12500.5),
        ("−7", "en", -7),
        (" +42 ", "xx", 42),
        (".5", "en", 0.5),
    ],
)
def test_a_number_is_read_as_the_language_writes_it(typed: str, language: str, number: float):
    assert value(asking("number"), typed, Ground(language, TODAY)) == number


@pytest.mark.parametrize(
    "typed",
    ["", "many", "12 €", "1e9", "NaN", "Infinity", "1.2.3", "1,2,3", "1,23.456,7", "--1", ".", "9" * 17, "1" * 99],
)
def test_what_is_no_number_is_told_so(typed: str):
    assert why_not(asking("number"), typed) == "answer-needs-number"


@pytest.mark.parametrize(
    ("more", "typed", "why"),
    [
        ({"least": 1}, "0.99", "answer-too-small"),
        ({"most": 10.5}, "10.51", "answer-too-large"),
        ({"whole": True}, "2.5", "answer-not-whole"),
    ],
)
def test_a_number_out_of_bounds_is_told_so(more: dict[str, Any], typed: str, why: str):
    assert why_not(asking("number", **more), typed) == why


def test_the_bounds_themselves_are_within_them():
    node = asking("number", least=1, most=10.5, whole=True)
    assert [value(node, "1"), value(node, "10.0")] == [1, 10]
    assert isinstance(value(node, "10.0"), int)
    assert value(asking("number", most=10.5), "10.5") == 10.5


@pytest.mark.parametrize(
    ("typed", "language", "day"),
    [
        ("2027-03-04", "en", date(2027, 3, 4)),
        ("2027/3/4", "de", date(2027, 3, 4)),
        ("4.3.2027", "de", date(2027, 3, 4)),
        ("04. 03. 2027", "de", date(2027, 3, 4)),
        ("4.3.2027", "en", date(2027, 3, 4)),
        ("3/4/2027", "en", date(2027, 3, 4)),
        ("25/12/2027", "en", date(2027, 12, 25)),
        ("4/3/2027", "fr", date(2027, 3, 4)),
        ("4. März 2027", "de", date(2027, 3, 4)),
        ("March 4th, 2027", "en", date(2027, 3, 4)),
        ("4 Mar 2027", "de", date(2027, 3, 4)),
        ("4 de marzo de 2027", "es", date(2027, 3, 4)),
        ("29.2.2028", "de", date(2028, 2, 29)),
        ("4.3.27", "de", date(2027, 3, 4)),
        ("4.3.85", "de", date(1985, 3, 4)),
        ("2027年3月4日", "ja", date(2027, 3, 4)),
    ],
)
def test_a_date_is_read_in_the_usual_ways_of_the_language(typed: str, language: str, day: date):
    assert value(asking("date"), typed, Ground(language, TODAY)) == day


@pytest.mark.parametrize("typed", ["", "tomorrow", "4.3.", "4.3.027", "March 2027", "4 Foo 2027", "1" * 99, "4-3"])
def test_what_is_no_date_is_told_so(typed: str):
    assert why_not(asking("date"), typed) == "answer-needs-date"


@pytest.mark.parametrize(
    "typed", ["29.2.2027", "2027-02-29", "31.4.2027", "0.1.2027", "2027-13-01", "30 February 2028"]
)
def test_a_day_that_no_calendar_has_is_told_so(typed: str):
    assert why_not(asking("date"), typed) == "answer-no-such-day"


@pytest.mark.parametrize(
    ("more", "typed", "why"),
    [
        ({"earliest": "today"}, "20.11.2026", "answer-too-early"),
        ({"latest": "today"}, "22.11.2026", "answer-too-late"),
        ({"earliest": "2026-12-01"}, "30.11.2026", "answer-too-early"),
        ({"latest": "2010-01-01"}, "2.1.2010", "answer-too-late"),
    ],
)
def test_a_date_out_of_bounds_is_told_so(more: dict[str, Any], typed: str, why: str):
    assert why_not(asking("date", **more), typed, GERMAN) == why
    day = value(asking("date"), typed, GERMAN)
    nearer = day + timedelta(days=1 if why == "answer-too-early" else -1)
    assert value(asking("date", **more), nearer.isoformat(), GERMAN) == nearer


@given(st.dates(date(1950, 1, 1), date(2046, 1, 1)), st.sampled_from(["en", "de", "fr", "es", "it", "nl", "pl", "pt"]))
def test_a_date_that_spark_writes_it_can_read(day: date, language: str):
    for width in ("short", "medium", "long"):
        assert value(asking("date"), format_date(day, width, language), Ground(language, TODAY)) == day


# Buttons -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "answer"),
    [(tapped(YES), True), (tapped(NO), False), *((Typed(word), True) for word in ("Yes", " JA ", "y", "ok", "klar"))]
    + [(Typed(word), False) for word in ("no", "Nein", "nö")],
)
def test_yes_and_no_are_tapped_or_typed_in_any_language(given: Given, answer: bool):  # noqa: FBT001 - a case of the test
    assert read_answer(asking("yes_no"), given, ENGLISH).value is answer
    assert read_consent(given) is answer


@pytest.mark.parametrize("given", [Typed("perhaps"), Typed(""), tapped(2), PHOTO, Unreadable()])
def test_what_is_neither_yes_nor_no_is_no_consent(given: Given):
    assert why_not(asking("yes_no"), given) == "answer-needs-yes_no"
    with pytest.raises(WrongAnswer):
        read_consent(given)


@pytest.mark.parametrize("given", [tapped(4), Typed("4"), Typed(" 4 ★ "), Typed("4⭐️")])
def test_a_rating_is_tapped_or_typed(given: Given):
    assert read_answer(asking("rating"), given, ENGLISH).value == 4


@pytest.mark.parametrize(
    "given", [tapped(0), tapped(6), tapped(SKIP), Typed("0"), Typed("6"), Typed("4.5"), Typed("-1")]
)
def test_a_rating_beyond_its_stars_is_told_so(given: Given):
    assert why_not(asking("rating", stars=5), given) == "answer-needs-rating"


@pytest.mark.parametrize(
    ("given", "zone"),
    [
        (tapped(COMMON_ZONES.index("Europe/Vienna")), "Europe/Vienna"),
        (Typed("Europe/Berlin"), "Europe/Berlin"),
        (Typed("america/new_york"), "America/New_York"),
        (Typed("Wien"), "Europe/Vienna"),
        (Typed("München"), "Europe/Berlin"),
        (Typed("sao paulo"), "America/Sao_Paulo"),
        (Typed("Österreich"), "Europe/Vienna"),
        (Typed("Japan"), "Asia/Tokyo"),
        (Typed("UTC"), "UTC"),
    ],
)
def test_a_time_zone_is_told_by_its_city_country_or_name(given: Given, zone: str):
    assert read_answer(asking("time_zone"), given, ENGLISH).value == zone


@pytest.mark.parametrize("typed", ["UTC+2", "GMT-5", "+02:00", "CET", "mesz", "est", "+5"])
def test_hours_are_no_time_zone(typed: str):
    assert why_not(asking("time_zone"), typed) == "answer-zone-offset"


@pytest.mark.parametrize(
    "given", [Typed("Atlantis"), Typed("USA"), Typed(""), Typed("Etc/GMT+5"), tapped(999), tapped(-1)]
)
def test_a_place_that_tells_no_time_is_told_so(given: Given):
    assert why_not(asking("time_zone"), given) == "answer-needs-time_zone"


@pytest.mark.parametrize("given", [tapped(0), Typed("video"), Typed(" VIDEO! "), Typed("filme")])
def test_a_choice_is_tapped_or_typed_by_its_label_in_any_language(given: Given):
    assert read_option(choosing(), given).value == "video"


@pytest.mark.parametrize("given", [tapped(-1), tapped(3), tapped(DONE), Typed("vid"), Typed(""), PHOTO, Unreadable()])
def test_a_choice_that_is_not_there_is_none(given: Given):
    with pytest.raises(WrongAnswer, match="answer-needs-choice"):
        read_option(choosing(), given)


def test_taps_mark_and_unmark_until_done_takes_them_in_the_order_of_the_options():
    node = choosing(many=True)
    marked: tuple[str, ...] = ()
    for option, now in ((2, ("sound",)), (0, ("video", "sound")), (2, ("video",)), (1, ("video", "photo"))):
        toggled = read_options(node, tapped(option), marked)
        assert (toggled.values, toggled.done) == (now, False)
        marked = toggled.values
    done = read_options(node, tapped(DONE), marked)
    assert (done.values, done.done) == (("video", "photo"), True)


@pytest.mark.parametrize(
    ("typed", "values"),
    [
        ("photo, Filme", ("video", "photo")),
        ("Sound, too", ("sound",)),
        ("photo\nvideo!", ("video", "photo")),
        ("fertig", ("photo",)),
    ],
)
def test_several_can_be_typed_at_once(typed: str, values: tuple[str, ...]):
    chosen = read_options(choosing(many=True), Typed(typed), ["photo"])
    assert (chosen.values, chosen.done) == (values, True)


@pytest.mark.parametrize(
    ("more", "marked", "why"),
    [
        ({}, [], "answer-too-few"),
        ({"least": 2}, ["video"], "answer-too-few"),
        ({"most": 1}, ["video", "photo"], "answer-too-many"),
    ],
)
def test_done_with_too_few_or_too_many_is_told_so(more: dict[str, Any], marked: list[str], why: str):
    with pytest.raises(WrongAnswer, match=why) as wrong:
        read_options(choosing(many=True, **more), tapped(DONE), marked)
    assert all(say_why(wrong.value.reason, language) for language in LANGUAGES)


def test_none_of_several_will_do_where_the_flow_says_so():
    assert read_options(choosing(many=True, least=0), tapped(DONE), []).done


@pytest.mark.parametrize("given", [tapped(-1), tapped(3), Typed("photo, neither"), Typed(""), VOICE])
def test_several_of_which_one_is_not_there_are_no_choice(given: Given):
    with pytest.raises(WrongAnswer, match="answer-needs-choices"):
        read_options(choosing(many=True), given, [])


# Files and places ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", [PHOTO, DOCUMENT, PICTURE, VOICE])
def test_any_file_answers_a_question_for_one(sent: SentFile):
    assert read_answer(asking("file"), sent, ENGLISH) == Answer("", file=sent)


def test_a_photo_may_come_as_a_document_and_nothing_else_as_a_photo():
    for sent in (PHOTO, PICTURE):
        assert read_answer(asking("photo"), sent, ENGLISH).file == sent
    for other in (DOCUMENT, VOICE, Typed("photo.jpg"), Unreadable()):
        assert why_not(asking("photo"), other) == "answer-needs-photo"
    assert why_not(asking("file"), "photo.jpg") == "answer-needs-file"


@pytest.mark.parametrize(
    ("given", "place"),
    [
        (SharedLocation(52.52, 13.405), "52.52,13.405"),
        (SharedLocation(-33.8688197, 0.0000001), "-33.86882,0"),
        (SharedLocation(10.0, -180.0), "10,-180"),
        (Typed("52.52, 13.405"), "52.52,13.405"),
        (Typed("-0.0 ; 100"), "0,100"),
    ],
)
def test_a_location_is_kept_in_degrees(given: Given, place: str):
    assert read_answer(asking("location"), given, ENGLISH).value == place


@pytest.mark.parametrize(
    "given",
    [Typed("Berlin"), Typed("91, 0"), Typed("0, 181"), SharedLocation(float("nan"), 0), SharedLocation(91, 0), PHOTO],
)
def test_a_place_that_is_not_on_earth_is_told_so(given: Given):
    assert why_not(asking("location"), given) == "answer-needs-location"


# Skip and back -------------------------------------------------------------------------------------------------------

SKIPS = [tapped(SKIP), Typed("/skip"), Typed("Skip"), Typed(" SKIP "), Typed("Überspringen"), Typed("/überspringen")]
BACKS = [tapped(BACK), Typed("/back"), Typed("Back"), Typed("zurück"), Typed("ZURÜCK")]


@pytest.mark.parametrize("node", [asking("text", optional=True), choosing(optional=True, many=True)])
@pytest.mark.parametrize("given", SKIPS)
def test_what_is_optional_may_be_skipped_in_any_language(node: AskNode | ChooseNode, given: Given):
    assert meant(node, given) == Skipped()


@pytest.mark.parametrize("given", BACKS)
def test_the_way_back_is_open_where_the_flow_says_so(given: Given):
    assert meant(asking("text", back=True), given) == Back()


@pytest.mark.parametrize("given", [*SKIPS, *BACKS])
def test_where_any_word_may_be_the_answer_the_same_words_are_one_like_any_other(given: Given):
    assert meant(asking("text"), given) == given


@pytest.mark.parametrize("given", [*SKIPS, *BACKS])
def test_elsewhere_the_same_words_are_understood_though_they_lead_nowhere(given: Given):
    """So that whoever tries it is told, and spends no try."""
    consent = ConsentNode.model_validate({"key": "q", "do": "consent", "text": "?", "version": "1"})
    wish = Skipped() if given in SKIPS else Back()
    for node in (choosing(), consent):
        assert meant(node, given) == (given if isinstance(given, Tapped) else wish)


# All of it -----------------------------------------------------------------------------------------------------------

anything: st.SearchStrategy[Given] = st.one_of(
    st.builds(Typed, st.text(st.characters(codec=None), max_size=300)),
    st.builds(Typed, st.from_regex(r"[0-9+.,/ -]{1,20}", fullmatch=True)),
    st.builds(SharedContact, st.text(max_size=20), st.booleans()),
    st.builds(SharedLocation, st.floats(), st.floats()),
    st.builds(SentFile, st.text(), st.sampled_from(Shape), st.text(), st.text(), st.none() | st.integers()),
    st.builds(Tapped, st.integers(), st.integers(), st.integers()),
    st.sampled_from([Skipped(), Back(), Unreadable()]),
)


def outcome(read: Callable[[], T]) -> tuple[str, T | None]:
    """The key of what is told, which can be said in every language; or what it comes to."""
    try:
        return "", read()
    except WrongAnswer as wrong:
        assert all(say_why(wrong.reason, language) for language in LANGUAGES)  # noqa: PT017 - it is no test
        return str(wrong), None


@settings(max_examples=400)
@given(
    st.sampled_from(KINDS),
    anything,
    st.sampled_from(["en", "de", "fr", "ar", "hi", "zh-hans", "xx", ""]),
    st.dates(date(1970, 1, 1), date(9999, 12, 31)),
)
def test_whatever_is_given_is_an_answer_or_told_why_not(kind: str, given: Given, language: str, today: date):
    node = asking(kind, pattern="[a-z]*x?" if kind == "text" else None, optional=True, back=True)
    meaning = meant(node, given)
    told, answer = outcome(lambda: read_answer(node, meaning, Ground(language, today)))
    if answer is None:
        assert told in keys()
    else:
        assert answer.file is not None or answer.value not in {"", None}
        if isinstance(answer.value, str):
            # both databases take it
            assert "\x00" not in answer.value
            answer.value.encode()


@given(anything, st.lists(st.sampled_from(["video", "photo", "sound", "gone"])))
def test_whatever_is_given_to_a_choice_is_one_or_told_why_not(given: Given, marked: list[str]):
    there = {"video", "photo", "sound"}
    told, option = outcome(lambda: read_option(choosing(), given))
    assert told in keys() if option is None else option.value in there
    told, chosen = outcome(lambda: read_options(choosing(many=True), given, marked))
    assert told in keys() if chosen is None else set(chosen.values) <= there

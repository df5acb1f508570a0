from typing import Any

import pytest

from domain.flows.given import BACK, DONE, SKIP, WrongAnswer
from domain.flows.nodes import AskNode, ChooseNode, ConsentNode
from domain.flows.questions import asked_again, has_keys, question
from domain.messages.plain import Message
from domain.zones import COMMON_ZONES
from store.models import FlowRun

FACTS = {"lead": {"name": "<Lena>"}}


def a_run(**more: Any) -> FlowRun:
    return FlowRun(id=7, turn=3, marked=[], **more)


def asking(kind: str, **more: Any) -> AskNode:
    text = {"en": "Well, {{ lead.name }}?", "de": "Nun, {{ lead.name }}?"}
    return AskNode.model_validate({"key": "q", "do": "ask", "kind": kind, "field": "answer", "text": text, **more})


def choosing(**more: Any) -> ChooseNode:
    options = [{"value": "video", "label": {"en": "Films", "de": "Filme"}}, {"value": "photo", "label": "Photo"}]
    fields = {"key": "q", "do": "choose", "field": "answer", "text": "Which?", "options": options}
    return ChooseNode.model_validate({**fields, **more})


def shown(node: AskNode | ChooseNode | ConsentNode, language: str = "en", run: FlowRun | None = None) -> Message:
    return question(run or a_run(), node, FACTS, language=language, fallback="en")


def labels(message: Message) -> list[list[str]]:
    return [[button.text for button in row] for row in message.buttons]


def options(message: Message) -> list[int]:
    """What the buttons stand for; each belongs to this question of this run."""
    data = [(button.data or "").split(":") for row in message.buttons for button in row]
    assert all(each[:3] == ["flow", "7", "3"] for each in data)
    return [int(each[3]) for each in data]


@pytest.mark.parametrize(("language", "text"), [("en", "Well, &lt;Lena&gt;?"), ("de-at", "Nun, &lt;Lena&gt;?")])
def test_a_question_is_asked_in_the_persons_language_with_what_they_typed_made_safe(language: str, text: str):
    assert shown(asking("text"), language).text == text


@pytest.mark.parametrize("kind", ["text", "email", "number", "date", "file", "photo"])
def test_a_typed_question_takes_the_keys_of_an_earlier_one_away(kind: str):
    assert shown(asking(kind)) == Message(text="Well, &lt;Lena&gt;?", drop_keys=True)


@pytest.mark.parametrize("kind", ["text", "email", "number", "date", "file", "photo", "yes_no", "rating", "time_zone"])
def test_back_and_skip_are_the_last_buttons(kind: str):
    message = shown(asking(kind, optional=True, back=True), "de")
    assert labels(message)[-1] == ["Zurück", "Überspringen"]
    assert options(message)[-2:] == [BACK, SKIP]


def test_a_phone_and_a_location_are_shared_by_a_key_with_skip_and_back_below_it():
    phone, place = (shown(asking(kind, optional=True, back=True), "de") for kind in ("phone", "location"))
    assert (phone.contact_key, phone.keys) == ("📱 Meine Telefonnummer teilen", ("Zurück", "Überspringen"))
    assert (place.location_key, place.keys) == ("📍 Teilen, wo ich bin", ("Zurück", "Überspringen"))
    assert shown(asking("phone")).keys == ()


@pytest.mark.parametrize("kind", ["text", "phone", "location", "yes_no", "rating", "time_zone"])
@pytest.mark.parametrize("optional", [True, False])
def test_a_question_has_keys_or_buttons_and_says_which(kind: str, optional: bool):  # noqa: FBT001 - both cases
    node = asking(kind, optional=optional)
    message = shown(node)
    keys = bool(message.contact_key or message.location_key or message.keys)
    assert keys == has_keys(node)
    assert not (keys and message.buttons)


def test_stars_and_zones_and_yes_stand_in_rows():
    assert labels(shown(asking("rating", stars=7))) == [[f"{n} ★" for n in range(1, 6)], ["6 ★", "7 ★"]]
    assert options(shown(asking("rating", stars=2))) == [1, 2]
    assert labels(shown(asking("yes_no"), "de")) == [["Ja", "Nein"]]
    zones = shown(asking("time_zone"), "de")
    assert labels(zones) == [["Berlin", "Wien"], ["Zürich"]]
    assert [COMMON_ZONES[option] for option in options(zones)] == ["Europe/Berlin", "Europe/Vienna", "Europe/Zurich"]


def test_consent_is_a_yes_or_a_no():
    node = ConsentNode.model_validate({"key": "q", "do": "consent", "text": "May we?", "version": "1"})
    assert labels(shown(node)) == [["Yes", "No"]]


def test_of_several_the_marked_ones_carry_a_tick_and_done_stands_below():
    run = a_run()
    run.marked = ["photo"]
    message = shown(choosing(many=True), "de", run)
    assert labels(message) == [["Filme"], ["✓ Photo"], ["Fertig"]]
    assert options(message) == [0, 1, DONE]
    assert labels(shown(choosing(), "de", run)) == [["Filme"], ["Photo"]]


def test_a_wrong_answer_is_told_why_above_the_same_buttons_and_the_question_they_belong_to():
    def again(node: AskNode, wrong: WrongAnswer, language: str = "de") -> Message:
        return asked_again(a_run(), node, FACTS, wrong, language=language, fallback="en")

    short = again(asking("text", optional=True), WrongAnswer("answer-too-short", least=3))
    asked = shown(asking("text", optional=True), "de").text
    assert short.text == f"Das ist zu kurz: mindestens 3 Zeichen.\n\n{asked}"
    assert labels(short) == [["Überspringen"]]
    assert (
        again(asking("text"), WrongAnswer("answer-too-short", least=3)).text == "Das ist zu kurz: mindestens 3 Zeichen."
    )
    form = WrongAnswer("answer-wrong-form")
    hinted = asking("text", pattern="[A-Z]+", hint={"en": "<b>Capitals</b>, {{ lead.name }}!"})
    assert again(hinted, form).text == "<b>Capitals</b>, &lt;Lena&gt;!"
    assert again(asking("text", pattern="[A-Z]+"), form, "en").text.startswith("That does not have the form")

"""What each thing that can be sent to a bot gives to the question that is open."""

from typing import Any

import pytest
from telegram import Message

from bot.given import given_of
from domain.flows.given import Given, SentFile, SharedContact, SharedLocation, Typed, Unreadable
from store.models import Shape

LENA = {"id": 2001, "is_bot": False, "first_name": "Lena"}
HELD = {"file_id": "handle", "file_unique_id": "u", "file_size": 3}
SEEN = {**HELD, "width": 1, "height": 1}
HEARD = {**HELD, "duration": 1}


def sent(**what: Any) -> Given:
    message = {"message_id": 1, "date": 1, "chat": {"id": 2001, "type": "private"}, "from": LENA, **what}
    return given_of(Message.de_json(message, None))


def contact(**more: Any) -> dict[str, Any]:
    return {"phone_number": "4915123456789", "first_name": "Lena", **more}


def test_a_text_is_typed_as_it_stands():
    assert sent(text=" /skip ") == Typed(" /skip ")


def test_a_contact_is_ones_own_when_telegram_says_whose_it_is():
    assert sent(contact=contact(user_id=2001)) == SharedContact("4915123456789", own=True)
    for other in (contact(user_id=2002), contact()):
        assert sent(contact=other) == SharedContact("4915123456789", own=False)


def test_a_contact_that_was_passed_on_is_nobodys_own():
    origin = {"type": "hidden_user", "date": 1, "sender_user_name": "Lena"}
    assert sent(contact=contact(user_id=2001), forward_origin=origin) == SharedContact("4915123456789", own=False)


def test_a_location_is_given_in_degrees():
    assert sent(location={"latitude": 52.52, "longitude": 13.405}) == SharedLocation(52.52, 13.405)


@pytest.mark.parametrize(
    ("what", "file"),
    [
        (
            {"document": {**HELD, "file_name": "cv.pdf", "mime_type": "application/pdf"}},
            SentFile("handle", Shape.DOCUMENT, "cv.pdf", "application/pdf", 3),
        ),
        ({"document": HELD}, SentFile("handle", Shape.DOCUMENT, "file-u", "application/octet-stream", 3)),
        ({"video": {**SEEN, "duration": 1}}, SentFile("handle", Shape.VIDEO, "video-u.mp4", "video/mp4", 3)),
        ({"voice": HEARD}, SentFile("handle", Shape.VOICE, "voice-u.ogg", "audio/ogg", 3)),
        ({"audio": {**HEARD, "file_name": "a.mp3"}}, SentFile("handle", Shape.AUDIO, "a.mp3", "audio/mpeg", 3)),
        (
            {"photo": [{**SEEN, "file_id": "small"}, {**SEEN, "file_id": "large"}], "caption": "me"},
            SentFile("large", Shape.PHOTO, "photo-u.jpg", "image/jpeg", 3),
        ),
    ],
)
def test_a_file_comes_with_its_name_and_its_shape(what: dict[str, Any], file: SentFile):
    assert sent(**what) == file


def test_a_files_name_is_cut_and_cleaned():
    name = "a\x00\n\u202e" + "x" * 300 + ".pdf"
    file = sent(document={**HELD, "file_name": name})
    assert isinstance(file, SentFile)
    assert file.file_name == "a" + "x" * 198 + "…"


@pytest.mark.parametrize(
    "what",
    [
        {"sticker": {**SEEN, "type": "regular", "is_animated": False, "is_video": False}},
        {"video_note": {**HEARD, "length": 1}},
        {"dice": {"emoji": "🎲", "value": 1}},
        {},
    ],
)
def test_what_answers_no_question_is_unreadable(what: dict[str, Any]):
    assert sent(**what) == Unreadable()

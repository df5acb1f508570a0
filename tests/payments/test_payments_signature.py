from datetime import timedelta

import pytest
from folk import NOW
from hypothesis import given
from hypothesis import strategies as st
from stripes_words import SECRETS, sign

from payments.stripe_signature import TOLERANCE_SECONDS, BadSignature, read_signed

BODY = b'{"id": "evt_1"}'
AT = int(NOW.timestamp())


@pytest.mark.parametrize("secret", SECRETS)
def test_each_of_several_secrets_opens_while_they_are_rolled(secret: str):
    assert read_signed(BODY, sign(BODY, NOW, secret=secret), SECRETS, now=NOW) == {"id": "evt_1"}


def test_one_of_several_signatures_in_a_header_is_enough():
    good = sign(BODY, NOW)
    bad = good.replace("v1=", "v1=00")
    header = f"{good.partition(',')[0]},{bad.partition(',')[2]},{good.partition(',')[2]},v0=old"
    assert read_signed(BODY, header, SECRETS, now=NOW) == {"id": "evt_1"}


@pytest.mark.parametrize("seconds", [0, TOLERANCE_SECONDS, -TOLERANCE_SECONDS])
def test_a_signature_of_about_now_by_our_clock_is_taken(seconds: int):
    assert read_signed(BODY, sign(BODY, NOW, at=AT + seconds), SECRETS, now=NOW)
    later = NOW + timedelta(days=9999)
    assert read_signed(BODY, sign(BODY, later, at=int(later.timestamp()) + seconds), SECRETS, now=later)


@pytest.mark.parametrize("at", [AT - 301, AT + 301, 0, -1, 10**30, 10**400, -(10**400)])
def test_a_signature_of_another_time_is_refused_past_or_future(at: int):
    with pytest.raises(BadSignature):
        read_signed(BODY, sign(BODY, NOW, at=at), SECRETS, now=NOW)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        ",",
        "=",
        "t=",
        "v1=",
        "t=,v1=",
        "t=x,v1=y",
        f"t={AT}",
        f"t={AT},v0=abc",
        "v1=abc",
        "schlüssel",
        "\x00",
        f"t={AT},v1=",
        f"t={AT},v1=ü",
        f"t={AT},v1=\udcff",
        f"t={AT}=1,v1=2=3",
        "t=1e3,v1=a",
        "😀" * 999,
        "t" * 10**5,
    ],
)
def test_a_header_that_signs_nothing_is_refused(header: str | None):
    with pytest.raises(BadSignature):
        read_signed(BODY, header, SECRETS, now=NOW)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"7", b'"text"', b"{", b"\xff\xfe", b'{"a": "\xff"}', b'{"a": "\\ud800"}', b"\x00{}"]
)
def test_a_body_that_holds_no_event_is_refused_though_it_was_signed(body: bytes):
    with pytest.raises(BadSignature):
        read_signed(body, sign(body, NOW), SECRETS, now=NOW)


@pytest.mark.parametrize("changed", [b'{"id": "evt_2"}', BODY + b" ", BODY[:-1], b""])
def test_a_body_that_was_changed_is_refused(changed: bytes):
    with pytest.raises(BadSignature):
        read_signed(changed, sign(BODY, NOW), SECRETS, now=NOW)


def test_a_wrong_secret_or_none_at_all_opens_nothing():
    for secrets in ((), ("whsec_other",), ("",)):
        with pytest.raises(BadSignature):
            read_signed(BODY, sign(BODY, NOW), secrets, now=NOW)


@given(st.binary(), st.text() | st.from_regex(r"t=-?\d*(,v1=[0-9a-f]*)*"))
def test_no_bytes_break_the_reading(body: bytes, header: str):
    with pytest.raises(BadSignature):
        read_signed(body, header, SECRETS, now=NOW)

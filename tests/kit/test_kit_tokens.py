import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import NotSignedIn
from kit.tokens import (
    AUDIENCE,
    ISSUER,
    derive_key,
    digest_of,
    issuer_of,
    new_secret,
    read_access_token,
    sign_access_token,
)

# far from the wall clock on purpose: a token's time is ours
NOW = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)
KEY = derive_key("a secret of at least thirty-two bytes", "access")
LIFETIME = timedelta(minutes=15)


def signed(now: datetime = NOW) -> str:
    return sign_access_token(
        KEY, account_id=7, sign_in_id=3, issuer=ISSUER, audience=AUDIENCE, now=now, lifetime=LIFETIME
    )


def read(token: str, now: datetime = NOW) -> int:
    claimed = read_access_token(KEY, token, issuer=ISSUER, audience=AUDIENCE, now=now)
    assert claimed.sign_in_id == 3
    return claimed.account_id


def claims(**changes: Any) -> dict[str, Any]:
    """Those of a good token with changes; None takes one away."""
    whole = jwt.decode(signed(), options={"verify_signature": False}) | changes
    return {name: value for name, value in whole.items() if value is not None}


def test_a_token_names_its_account_for_its_lifetime_by_our_clock():
    assert read(signed()) == 7
    assert read(signed(), NOW + LIFETIME - timedelta(seconds=1)) == 7
    with pytest.raises(NotSignedIn):
        read(signed(), NOW + LIFETIME)


@pytest.mark.parametrize("year", [1999, 2099])
def test_the_wall_clock_has_no_say_in_a_tokens_time(year: int):
    then = datetime(year, 1, 1, tzinfo=UTC)
    assert read(signed(then), then) == 7


def test_a_token_from_the_future_is_refused_apart_from_a_little_skew():
    assert read(signed(NOW + timedelta(seconds=30))) == 7
    with pytest.raises(NotSignedIn):
        read(signed(NOW + timedelta(seconds=31)))


@pytest.mark.parametrize("missing", ["sub", "sid", "iss", "aud", "iat", "exp", "typ", "jti"])
def test_a_token_without_one_of_its_claims_is_refused(missing: str):
    with pytest.raises(NotSignedIn):
        read(jwt.encode(claims(**{missing: None}), KEY, "HS256"))


@pytest.mark.parametrize(
    "changes",
    [
        {"typ": "refresh"},
        {"typ": ["access"]},
        {"iss": "somebody"},
        {"aud": "elsewhere"},
        {"aud": ["spark-api"]},
        {"sid": 3},
        {"sid": "³"},
        {"sid": "-3"},
        {"sub": "seven"},
        {"sub": 7},
        {"exp": "soon"},
        {"exp": 10**400},
        {"exp": -(10**20)},
        {"iat": None},
        {"iat": "now"},
        {"iat": 10**20},
    ],
)
def test_a_token_with_a_wrong_claim_is_refused(changes: dict[str, Any]):
    assert read(jwt.encode(claims(), KEY, "HS256")) == 7
    with pytest.raises(NotSignedIn):
        read(jwt.encode(claims(**changes), KEY, "HS256"))


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_a_token_by_another_algorithm_is_refused(algorithm: str):
    with pytest.raises(NotSignedIn):
        read(jwt.encode(claims(), KEY * 2, algorithm))


@pytest.mark.parametrize("name", ["none", "None", "NONE", "HS256", "RS256"])
def test_a_token_that_nobody_signed_is_refused(name: str):
    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    with pytest.raises(NotSignedIn):
        read(f"{part({'alg': name, 'typ': 'JWT'})}.{part(claims())}.")


def test_a_token_by_another_key_is_refused():
    other = derive_key("a secret of at least thirty-two bytes", "download")
    assert other != KEY
    with pytest.raises(NotSignedIn):
        read(jwt.encode(claims(), other, "HS256"))


def test_a_token_that_was_changed_is_refused():
    head, body, signature = signed().split(".")
    for changed in (f"{head}.{body[:-2]}AA.{signature}", f"{head}.{body}.{signature[::-1]}", f"{head}.{body}"):
        with pytest.raises(NotSignedIn):
            read(changed)


@pytest.mark.parametrize(
    "headers",
    [
        {"kid": "../../dev/null"},
        {"kid": "' UNION SELECT 'key"},
        {"crit": ["exp"], "exp": 1},
        {"crit": ["b64"], "b64": True},
        {"jku": "https://evil.example/keys"},
        {"x5u": "https://evil.example/cert"},
        {"jwk": {"kty": "oct", "k": "AAAA"}},
        {"typ": "at+jwt"},
        {"cty": "JWT"},
    ],
)
def test_a_header_that_says_more_than_ours_is_refused(headers: dict[str, Any]):
    assert read(jwt.encode(claims(), KEY, "HS256")) == 7
    signed_by_ours = jwt.encode(claims(), KEY, "HS256", headers=headers)
    with pytest.raises(NotSignedIn):
        read(signed_by_ours)


def test_a_key_that_is_too_short_opens_nothing():
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        by_short = jwt.encode(claims(), b"short", "HS256")
    with pytest.raises(NotSignedIn):
        read_access_token(b"short", by_short, issuer=ISSUER, audience=AUDIENCE, now=NOW)


def test_the_issuer_is_read_before_anything_is_checked_and_breaks_nothing():
    assert issuer_of(signed()) == "spark"
    assert issuer_of(jwt.encode({"iss": "https://id.example"}, b"x" * 32, "HS256")) == "https://id.example"
    for odd in ("", "a.b.c", signed()[:-1] + "." * 9, "x" * 9000, jwt.encode({}, b"x" * 32, "HS256")):
        assert issuer_of(odd) is None


@given(st.text() | st.from_regex(r"[\w-]*\.[\w-]*\.[\w-]*"))
def test_no_text_breaks_the_reading_of_tokens(text: str):
    with pytest.raises(NotSignedIn):
        read(text)


def test_each_purpose_has_a_key_of_its_own_and_each_secret_is_new():
    assert len({derive_key("one", "a"), derive_key("one", "b"), derive_key("two", "a")}) == 3
    assert len(KEY) == 32
    assert new_secret() != new_secret()
    assert len(new_secret()) == 43
    assert len(digest_of("x")) == 64

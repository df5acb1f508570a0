"""Which column of a file is which field of a lead."""

import re
from collections.abc import Collection

from domain.messages.local import wordings
from domain.setups import CreatorSetup
from domain.transfers.reading import Layout
from store.models import FieldKind

# a creator's own field, where its name alone would be taken for one of every lead
OWN = "field:"
# the lead's number in Spark, as an export tells it
NUMBER = "lead"
# nothing is kept of these: they tell that the number is meant
TELEGRAM_NAME = "first_name_in_telegram"
USERNAME = "username"
# what an export calls its columns, apart from those of the creator's own fields
EXPORTED = (
    NUMBER,
    "name",
    TELEGRAM_NAME,
    USERNAME,
    "email",
    "email_verified",
    "phone",
    "phone_verified",
    "language",
    "time_zone",
    "source",
    "stage",
    "score",
    "tags",
    "consent",
    "unsubscribed",
    "first_seen",
    "last_seen",
    "orders",
    "spent",
)
BUILT_IN = (
    "name",
    "first_name",
    "last_name",
    "email",
    "phone",
    "source",
    "tags",
    "stage",
    "score",
    "time_zone",
    "consent",
    "unsubscribed",
)
_HEADERS = {
    NUMBER: {"lead"},
    "name": {"name", "full name", "fullname", "display name", "vollständiger name", "kontakt", "kunde", "contact"},
    "first_name": {"first name", "firstname", "given name", "vorname"},
    "last_name": {"last name", "lastname", "family name", "surname", "nachname", "familienname"},
    "email": {"email", "e mail", "mail", "email address", "e mail address", "e mail adresse", "emailadresse"}
    | {"mailadresse", "e mail 1 value"},
    "phone": {"phone", "phone number", "mobile", "mobile phone", "telephone", "telefon", "telefonnummer", "handy"}
    | {"handynummer", "tel", "mobil", "mobilnummer", "rufnummer", "phone 1 value"},
    "source": {"source", "quelle", "herkunft", "utm source"},
    "tags": {"tags", "tag", "labels", "schlagwörter", "schlagworte", "etiketten"},
    "stage": {"stage", "phase", "stufe"},
    "score": {"score", "points", "punkte", "punktzahl"},
    "time_zone": {"time zone", "timezone", "zeitzone"},
    "consent": {"consent", "consent date", "consented at", "opt in", "optin", "einwilligung", "zustimmung"},
    "unsubscribed": {"unsubscribed", "unsubscribed at", "opt out", "optout", "abgemeldet", "abmeldung"},
}
_JOINTS = re.compile(r"[\s_.:/-]+")


def _plain(header: str) -> str:
    return _JOINTS.sub(" ", header.casefold()).strip()


_BUILT_IN_NAMES = {header: target for target, headers in _HEADERS.items() for header in headers}
_EXPORTED_NAMES = frozenset(_plain(header) for header in EXPORTED)
# a file with both is an export of ours, whose columns are called what they are
_OURS = frozenset({NUMBER, TELEGRAM_NAME})


def targets(setup: CreatorSetup, in_use: Collection[str]) -> list[str]:
    """Everything that a column can be; `in_use` are the keys under which leads have given answers."""
    readable = {key for key, spec in setup.fields.items() if spec.kind is not FieldKind.FILE}
    undeclared = {key for key in in_use if key not in setup.fields}
    return [*BUILT_IN, *(f"{OWN}{key}" for key in sorted(readable | undeclared))]


def guess(layout: Layout, setup: CreatorSetup, in_use: Collection[str]) -> Layout:
    """By the columns' names, in English and German, and by keys and labels of the creator's own; each field once."""
    names = dict(_BUILT_IN_NAMES)
    exact: dict[str, str] = {}
    for target in targets(setup, in_use)[len(BUILT_IN) :]:
        key = target.removeprefix(OWN)
        spec = setup.fields.get(key)
        labels = wordings(spec.label) if spec is not None and spec.label is not None else []
        for header in (target, key, *labels):
            # what every lead has goes first: a field called `score` is written `field:score`
            names.setdefault(_plain(header), target)
        exact |= {target: target, own_header(key): target}
    told = _exported_targets() if _OURS.issubset(layout.columns) else {}
    fields: list[str | None] = []
    for column in layout.columns:
        found = told[column] if column in told else exact.get(column) or names.get(_plain(column))
        fields.append(found if found not in fields else None)
    return layout.model_copy(update={"fields": tuple(fields)})


def _exported_targets() -> dict[str, str | None]:
    known = {*BUILT_IN, NUMBER, TELEGRAM_NAME, USERNAME}
    return {column: column if column in known else None for column in EXPORTED}


def own_header(key: str) -> str:
    """What an export calls the column of a creator's own field: its key, unless that means something else here."""
    plain = _plain(key)
    return f"{OWN}{key}" if plain in _BUILT_IN_NAMES or plain in _EXPORTED_NAMES else key


def assign(layout: Layout, column: int, target: str | None) -> Layout:
    """The column is that field from now on, and no other column is."""
    fields = [None if each == target else each for each in layout.fields]
    fields[column] = target
    return layout.model_copy(update={"fields": tuple(fields)})

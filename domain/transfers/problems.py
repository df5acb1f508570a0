"""What can be wrong with a file, or with a row of it, in words of the catalogue."""

import html
import re

from domain.messages.catalogue import say
from kit.errors import Invalid

_TAG = re.compile(r"<[^>]+>")


class _Spoken(Invalid):
    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key = key
        self.values = values

    def told(self, language: str) -> str:
        """As it stands in a message of Telegram's."""
        return say(self.key, language, **self.values)

    def plain(self, language: str) -> str:
        """As it stands in a file, or in the store until somebody reads it."""
        return html.unescape(_TAG.sub("", self.told(language)))


class FileProblem(_Spoken):
    """The file as a whole cannot be read."""

    code = "bad_file"


class RowProblem(_Spoken):
    """This row cannot be taken; nothing of it stands in the words but the name of a column."""

    code = "bad_row"

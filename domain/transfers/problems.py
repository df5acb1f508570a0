"""What can be wrong with a file, or with a row of it, in words of the catalogue."""

from domain.messages.catalogue import plain_why, say_why
from kit.errors import Invalid, Reason


class _Spoken(Invalid):
    def __init__(self, key: str, **values: object) -> None:
        self.reason = Reason(key, **values)
        super().__init__(key, why=self.reason)
        self.key = key
        self.values = values

    def told(self, language: str) -> str:
        """As it stands in a message of Telegram's."""
        return say_why(self.reason, language)

    def plain(self, language: str) -> str:
        """As it stands in a file, or in the store until somebody reads it."""
        return plain_why(self.reason, language)


class FileProblem(_Spoken):
    """The file as a whole cannot be read."""

    code = "bad_file"


class RowProblem(_Spoken):
    """This row cannot be taken; nothing of it stands in the words but the name of a column."""

    code = "bad_row"

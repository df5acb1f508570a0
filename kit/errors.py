from collections.abc import Mapping


class Reason:
    """Why not, as a text of the catalogue: its key, and the values that it shows. A value may be a Reason itself.

    It is spoken by whoever knows the reader's language.
    """

    __slots__ = ("key", "values")

    def __init__(self, key: str, /, **values: object) -> None:
        self.key = key
        self.values: Mapping[str, object] = values


class Refusal(Exception):
    """What a person asked for cannot be done; `str()` is one line in English that says how to mend it.

    `why` says the same in the language of whoever reads it; a class of one line alone needs none, as the catalogue
    knows it by its code.
    Faces know only this class and its `code` and `status`; anything else that is raised is our bug.
    """

    code = "refused"
    status = 400

    def __init__(self, message: str, *, fields: Mapping[str, str] | None = None, why: Reason | None = None) -> None:
        super().__init__(message)
        self.why = why
        self.fields = dict(fields or {})


class NotSignedIn(Refusal):
    code = "unauthorized"
    status = 401


class Forbidden(Refusal):
    code = "forbidden"
    status = 403


class NotFound(Refusal):
    code = "not_found"
    status = 404


class Conflict(Refusal):
    code = "conflict"
    status = 409


class Invalid(Refusal):
    """The input is wrong; `fields` says which part and why."""

    code = "invalid"
    status = 422


class TooMany(Refusal):
    """Not yet: what was asked for was asked for too often. `retry_after` is in whole seconds."""

    code = "too_many"
    status = 429

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message, why=Reason("refused-too-many", seconds=retry_after))
        self.retry_after = retry_after

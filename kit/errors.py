from collections.abc import Mapping


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error of ours
    """What a person asked for cannot be done; `str()` is one line for them that says how to mend it.

    Faces know only this class and its `code` and `status`; anything else that is raised is our bug.
    """

    code = "refused"
    status = 400

    def __init__(self, message: str, *, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
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

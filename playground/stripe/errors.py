from typing import Any

_DOCS = "https://docs.stripe.com/error-codes#"


class StripeError(Exception):
    """A refusal in Stripe's own envelope: https://docs.stripe.com/api/errors

    `kept` marks one that came after the request began to act: an idempotency key remembers it, where it
    forgets a request that was malformed (https://docs.stripe.com/api/idempotent_requests).
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        headers: dict[str, str] | None = None,
        kept: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.kind = kind
        self.code = code
        self.param = param
        self.headers = headers or {}
        self.kept = kept

    def envelope(self) -> dict[str, Any]:
        error: dict[str, Any] = {}
        if self.code is not None:
            error["code"] = self.code
            error["doc_url"] = _DOCS + self.code.replace("_", "-")
        error["message"] = self.message
        if self.param is not None:
            error["param"] = self.param
        error["type"] = self.kind
        return {"error": error}


def missing_param(param: str) -> StripeError:
    return StripeError(f"Missing required param: {param}.", code="parameter_missing", param=param)


def unknown_params(params: list[str]) -> StripeError:
    many = "s" if len(params) > 1 else ""
    return StripeError(
        f"Received unknown parameter{many}: {', '.join(params)}", code="parameter_unknown", param=params[0]
    )


def exclusive_params(*params: str) -> StripeError:
    return StripeError(
        f"You may only specify one of these parameters: {', '.join(params)}.",
        code="parameters_exclusive",
        param=params[0],
    )


def no_such(noun: str, object_id: str, *, param: str = "id") -> StripeError:
    """404 for an id in the path, 400 for one in a parameter."""
    return StripeError(
        f"No such {noun}: '{object_id}'",
        status=404 if param == "id" else 400,
        code="resource_missing",
        param=param,
    )


def not_played(what: str, *, param: str | None = None) -> StripeError:
    """Stripe can do this and the stand-in cannot: said aloud rather than done wrong."""
    return StripeError(f"The playground's Stripe does not play {what}.", param=param)


class ImpossibleMove(Exception):
    """What the control API asked for cannot happen from the object's present state."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

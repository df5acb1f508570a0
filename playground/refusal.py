class ControlRefusal(Exception):
    """What the control API answers to a request that it cannot serve: a 4xx with one clear line."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def invalid(message: str) -> ControlRefusal:
    return ControlRefusal(422, "INVALID", message)


def missing(message: str) -> ControlRefusal:
    return ControlRefusal(404, "NOT_FOUND", message)


def conflict(message: str) -> ControlRefusal:
    return ControlRefusal(409, "CONFLICT", message)

"""The failures of commands."""

from sensu.errors import SensuError

INVALID_ARGUMENTS = "invalid argument(s) received"


class CommandFailed(SensuError):
    """A command failed; printed as `Error: …`, exit status 1.

    `plain` is the message at a terminal; scripts get the message of the reference.
    """

    def __init__(self, message: str, *, plain: str = "") -> None:
        super().__init__(message)
        self.plain = plain


class APIError(CommandFailed):
    """The API refused a request; `status` is the HTTP status, `method` and `path` are those of the request.

    `date` is the time that the answer names, empty without one.
    """

    def __init__(self, status: int, message: str, method: str = "", path: str = "", date: str = "") -> None:
        super().__init__(message)
        self.status, self.method, self.path, self.date = status, method, path, date


class BadArguments(CommandFailed):
    """The words of the command line do not fit the command; its usage is printed too."""

    def __init__(self, message: str = INVALID_ARGUMENTS, *, plain: str = "") -> None:
        super().__init__(message, plain=plain)


class Exited(Exception):
    """A program run by the command ended with a status other than 0."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status

"""Errors of templates, without the template's name."""


class SyntaxFault(Exception):
    """The template has invalid syntax; `line` is counted from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


class ExecutionFault(Exception):
    """A template could not be executed; `position` is an index into its text, `context` the source at fault."""

    def __init__(self, position: int, context: str, message: str) -> None:
        super().__init__(message)
        self.position = position
        self.context = context
        self.message = message


class CallFault(Exception):
    """A function refused its arguments."""

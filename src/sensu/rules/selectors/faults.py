"""The error of an invalid selector."""

from sensu.errors import InvalidResource


class SelectorFault(InvalidResource):
    """A selector that cannot be parsed; `position` is that of the unexpected character, counted from 1."""

    def __init__(self, position: int, why: str) -> None:
        super().__init__(f"position {position}: {why}")
        self.position = position

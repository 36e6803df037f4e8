"""What is wrong with a selector."""

from sensu.errors import InvalidResource


class SelectorFault(InvalidResource):
    """A selector that cannot be parsed; `position` is the character where that shows, counted from 1."""

    def __init__(self, position: int, why: str) -> None:
        super().__init__(f"position {position}: {why}")
        self.position = position

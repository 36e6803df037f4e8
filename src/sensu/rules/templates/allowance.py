"""Limits the cost of evaluating templates, so that none can block a program or exhaust its memory."""

from collections.abc import Mapping
from typing import Any

from sensu.rules.templates.faults import CallFault

STEPS_MAX = 20_000
"""The maximum number of tokens in the templates of a resource, plus nodes, operands and list items that they visit."""
RESULT_CHARACTERS_MAX = 1_000_000
"""The maximum number of characters that the templates of a resource can print, including literal text."""
FUNCTION_CHARACTERS_MAX = 100_000
"""The maximum number of characters that functions can read and return while the templates of a resource are evaluated.

This also limits variables, because their values come from functions or from the entity.
"""


class Allowance:
    """What remains of the three limits, shared by the templates of a resource. Exceeding a limit raises CallFault."""

    __slots__ = ("_for_functions", "_for_result", "_steps")

    def __init__(self) -> None:
        self._steps = STEPS_MAX
        self._for_result = RESULT_CHARACTERS_MAX
        self._for_functions = FUNCTION_CHARACTERS_MAX

    @property
    def for_functions(self) -> int:
        """The number of characters that a function can still return."""
        return self._for_functions

    def step(self, steps: int = 1) -> None:
        """Count steps."""
        self._steps -= steps
        if self._steps < 0:
            raise CallFault(f"the template takes too many steps (at most {STEPS_MAX})")

    def print(self, characters: int) -> None:
        """Count characters of the result."""
        self._for_result -= characters
        if self._for_result < 0:
            raise CallFault(f"the result is too long (at most {RESULT_CHARACTERS_MAX} characters)")

    def compute(self, *values: Any) -> None:
        """Count the arguments of a function before it is called, or its result."""
        for value in values:
            self._for_functions -= size_of(value, self._for_functions)
            if self._for_functions < 0:
                raise CallFault(f"the results of functions are too long (at most {FUNCTION_CHARACTERS_MAX} characters)")


def size_of(value: Any, enough: int) -> int:
    """The approximate number of characters that a value prints; counting stops above `enough`."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        size = len(value)
        for key, part in value.items():
            if size > enough:
                break
            size += len(key) + size_of(part, enough - size)
        return size
    if isinstance(value, list | tuple):
        size = len(value)
        for part in value:
            if size > enough:
                break
            size += size_of(part, enough - size)
        return size
    return 1

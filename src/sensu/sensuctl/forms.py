"""The fields of a resource that a command sets, from flags or interactively."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sensu.sensuctl.command import Context
from sensu.sensuctl.prompt import YES, ask, choose

NUMBER_MAX = 2**32 - 1
TRUTHS = dict.fromkeys((*YES, "1", "t"), True) | dict.fromkeys(("n", "no", "false", "0", "f"), False)
"""Accepted answers to a yes-or-no question."""


class FormField(NamedTuple):
    """A field: its place in the resource (`socket.host`), the question, and the flag, which is named like it if empty.

    `kind` is text, number, list, bool or choice. An `asked_only` field is not set by a flag.
    """

    place: str
    question: str
    kind: str = "text"
    flag: str = ""
    default: Any = ""
    choices: Sequence[str] = ()
    asked_only: bool = False

    @property
    def flag_name(self) -> str:
        """The name of the flag that sets it."""
        return self.flag or self.place.rpartition(".")[2].replace("_", "-")


def from_flags(context: Context, fields: Sequence[FormField]) -> dict[str, Any]:
    """The fields set by flags."""
    resource: dict[str, Any] = {}
    for field in fields:
        if not field.asked_only:
            put(resource, field.place, _value(field, context.flag(field.flag_name)))
    return resource


def from_answers(
    context: Context, fields: Sequence[FormField], current: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The fields entered at prompts; the current values are suggested."""
    resource: dict[str, Any] = {}
    for field in fields:
        now = get(current or {}, field.place)
        put(resource, field.place, _answer(context, field, field.default if now is None else now))
    return resource


def asked_metadata(context: Context, question: str, name: str) -> dict[str, Any]:
    """The name and namespace of a new resource, entered at prompts; the command line suggests them."""
    return {"name": ask(context, question, name), "namespace": ask(context, "Namespace:", context.namespace)}


def _answer(context: Context, field: FormField, suggestion: Any) -> Any:
    if field.kind == "choice":
        return choose(context, field.question, field.choices, str(suggestion))
    answer = ask(context, field.question, _shown(suggestion))
    while field.kind == "bool" and answer.lower() not in TRUTHS:
        context.print("  please answer true or false")
        answer = ask(context, field.question, _shown(suggestion))
    return _value(field, answer)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ",".join(str(item) for item in value)
    return "" if value is None else str(value)


def _value(field: FormField, given: Any) -> Any:
    if field.kind == "number":
        return lenient_number(given)
    if field.kind == "list":
        return listed(str(given or ""))
    if field.kind == "bool":
        return given if isinstance(given, bool) else TRUTHS.get(str(given or "").strip().lower(), False)
    return str(given or "")


def listed(text: str) -> list[str]:
    """The items of a comma-separated list without surrounding blanks; empty items are kept.

    Source: what sensuctl 6.9.2 does with `--subscriptions a,,b`, which the rules for subscriptions then refuse.
    """
    return [item.strip() for item in text.split(",")] if text.strip() else []


def lenient_number(given: Any) -> int:
    """The whole number in a text, at most NUMBER_MAX; 0 for any other text.

    Source: recorded sensuctl sessions (check-errors, hook: `--timeout abc` counts as 0).
    """
    text = str(given or "")
    return min(int(text), NUMBER_MAX) if text.isascii() and text.isdecimal() else 0


def get(resource: Mapping[str, Any], place: str) -> Any:
    """The value at a place, None if it is missing."""
    found: Any = resource
    for key in place.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def put(resource: dict[str, Any], place: str, value: Any) -> None:
    """Set the value at a place; missing objects on the way are created."""
    *way, last = place.split(".")
    target = resource
    for key in way:
        if not isinstance(target.get(key), dict):
            target[key] = {}
        target = target[key]
    target[last] = value

"""The questions of an integration, and what their answers must be.

Source: docs, "Catalog integrations reference", prompts and input attributes.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from sensu.errors import InvalidResource
from sensu.resources.catalog import Integration, Prompt, PromptInput
from sensu.rules.catalog.formats import format_problem
from sensu.rules.catalog.substitute import UNIQUE_ID, CatalogVariables, text_of

SECTION, MARKDOWN, QUESTION = "section", "markdown", "question"
_TYPE_ALIASES = {"int": "integer", "bool": "boolean"}
TYPES = ("string", "integer", "number", "boolean", "array", "object")
_TRUTHS = dict.fromkeys(("true", "yes", "y", "1"), True) | dict.fromkeys(("false", "no", "n", "0"), False)
_SECRET_NAME = re.compile(
    "(?i)passw(?:or)?d|passphrase|secret|token|credential|webhook|dsn$|(?:api|access|private|user)_?key"
)
_REFERENCE_GROUP = "secrets/"
_EXPECTED = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list, with commas between the items",
    "object": "a list of KEY=VALUE, with commas between the items",
}
ANSWER_LENGTH_MAX = 64 * 1024
ITEMS_MAX = 1000
DEPTH_MAX = 8


class Unsuitable(InvalidResource):
    """An answer is not what its question asks for; the text names the answer and the rule."""


class PromptAnswers(NamedTuple):
    """The answers by question, with defaults filled in; `missing` are the required questions without one."""

    values: dict[str, Any]
    missing: tuple[Prompt, ...] = ()

    def variables(self, integration: Integration, unique_id: str) -> CatalogVariables:
        """The variables of patches and texts."""
        known = frozenset((UNIQUE_ID, *(question.name for question in questions_of(integration))))
        return CatalogVariables(known, {**self.values, UNIQUE_ID: unique_id})


def questions_of(integration: Integration) -> list[Prompt]:
    """The questions in order, each with the type of its answer."""
    return [found for found in map(as_question, integration.prompts) if found is not None]


def as_question(prompt: Prompt) -> Prompt | None:
    """The question that a prompt is; a prompt may have the type of the answer in place of `question`."""
    own_type = _TYPE_ALIASES.get(prompt.type, prompt.type)
    if prompt.type != QUESTION and own_type not in TYPES:
        return None
    shape = prompt.input or PromptInput()
    fallback = "string" if prompt.type == QUESTION else own_type
    found = _TYPE_ALIASES.get(shape.type, shape.type) or fallback
    required = prompt.required or shape.required is True
    return msgspec.structs.replace(
        prompt, type=QUESTION, required=required, input=msgspec.structs.replace(shape, type=found)
    )


def shape_of(question: Prompt) -> PromptInput:
    """The shape of the answer to a question."""
    return question.input or PromptInput(type="string")


def answered(integration: Integration, given: Mapping[str, Any]) -> PromptAnswers:
    """The answers of an installation; raises Unsuitable for an answer that does not fit, or that nothing asks for."""
    questions = questions_of(integration)
    names = {question.name for question in questions}
    unknown = [name for name in given if name not in names]
    if unknown:
        known = ", ".join(sorted(names)) or "none"
        raise Unsuitable(f"the integration has no question {unknown[0]!r}; its questions: {known}")
    values: dict[str, Any] = {}
    missing: list[Prompt] = []
    for question in questions:
        value = answer_to(question, given.get(question.name))
        if value is not None:
            values[question.name] = value
        elif question.required:
            missing.append(question)
    return PromptAnswers(values, tuple(missing))


def answer_to(question: Prompt, given: Any) -> Any:
    """The answer to a question with its type, its default if nothing is given; None without an answer."""
    shape = shape_of(question)
    return typed(shape.default if is_empty(given) else given, shape, question.name)


def is_empty(value: Any) -> bool:
    """Whether a value counts as no answer."""
    return value is None or value in ("", [], {}, ())


def typed(given: Any, shape: PromptInput, name: str, depth: int = 0) -> Any:
    """An answer as its shape wants it: texts are converted, defaults of an object filled in; None for no answer.

    Raises Unsuitable.
    """
    if is_empty(given):
        return None
    if depth > DEPTH_MAX:
        raise Unsuitable(f"{name}: nested more than {DEPTH_MAX} levels deep")
    kind = _TYPE_ALIASES.get(shape.type, shape.type)
    if kind == "object" and not isinstance(given, Mapping) and (shape.one_of or shape.properties):
        raise Unsuitable(f"{name} has several parts; answer {' or '.join(sorted(_parts_of(shape, name)))}")
    value = given if shape.const is not None else _converted(given, kind, name)
    if kind == "array" and isinstance(value, list):
        value = [
            item
            for number, one in enumerate(value)
            if (item := typed(one, shape.items or PromptInput(type="string"), f"{name}[{number}]", depth + 1))
            is not None
        ]
    elif kind == "object" and isinstance(value, Mapping):
        value = _object(value, shape, name, depth)
    _require_allowed(value, shape, name)
    return None if is_empty(value) else value


def _converted(given: Any, kind: str, name: str) -> Any:
    """A value with a type; texts are read, and numbers become texts where a text is wanted."""
    if isinstance(given, str):
        if len(given) > ANSWER_LENGTH_MAX:
            raise Unsuitable(f"{name}: longer than {ANSWER_LENGTH_MAX} characters")
        given = _read(given, kind)
    wanted = {
        "string": str,
        "integer": int,
        "number": int | float,
        "boolean": bool,
        "array": list | tuple,
        "object": Mapping,
    }.get(kind, object)
    if kind == "string" and isinstance(given, bool | int | float):
        return text_of(given)
    if not isinstance(given, wanted) or (isinstance(given, bool) and kind in ("integer", "number")):
        raise Unsuitable(f"{name} must be {_EXPECTED.get(kind, 'a text')}")
    if isinstance(given, list | tuple | Mapping) and len(given) > ITEMS_MAX:
        raise Unsuitable(f"{name} has more than {ITEMS_MAX} items")
    return list(given) if isinstance(given, tuple) else given


def _read(text: str, kind: str) -> Any:
    """The value that a text stands for, the text itself if it cannot be read."""
    if kind in ("integer", "number"):
        if re.fullmatch("[-+]?[0-9]{1,18}", text.strip()):
            return int(text)
        is_decimal = kind == "number" and re.fullmatch(r"[-+]?[0-9]{0,18}\.?[0-9]{1,18}", text.strip())
        return float(text) if is_decimal else text
    if kind == "boolean":
        return _TRUTHS.get(text.strip().lower(), text)
    if kind == "array":
        return [item.strip() for item in text.split(",") if item.strip()]
    if kind == "object":
        pairs = [item.partition("=") for item in text.split(",") if item.strip()]
        return {key.strip(): value.strip() for key, _, value in pairs} if all(sign for _, sign, _ in pairs) else text
    return text


def _object(given: Mapping[str, Any], shape: PromptInput, name: str, depth: int) -> dict[str, Any]:
    chosen = option_for(shape, given) if shape.one_of else shape
    if chosen is None:
        parts = " or ".join(sorted(_parts_of(shape, name)))
        raise Unsuitable(f"{name}: the answers given belong to different options; answer {parts}")
    properties = chosen.properties or {}
    unknown = next((key for key in given if key not in properties), None)
    if unknown is not None and (chosen.additional_properties is False or properties):
        raise Unsuitable(f"{name} has no part {unknown!r}; its parts: {', '.join(properties)}")
    found: dict[str, Any] = {}
    for key, part in properties.items():
        fallback = part.const if part.const is not None else part.default
        value = typed(given.get(key, fallback), part, f"{name}.{key}", depth + 1)
        if value is not None:
            found[key] = value
        elif key in required_properties(chosen):
            raise Unsuitable(f"{name}.{key} is required")
    for key, value in given.items():
        if key not in properties:
            text = typed(value, _additional(chosen), f"{name}.{key}", depth + 1)
            found |= {} if text is None else {str(key): text}
    return found


def _parts_of(shape: PromptInput, name: str) -> set[str]:
    """The names of the answers to the parts of a question."""
    options = shape.one_of or (shape,)
    return {f"{name}.{key}" for one in options for key, part in (one.properties or {}).items() if part.const is None}


def required_properties(shape: PromptInput) -> Sequence[str]:
    """The properties of an object that must be given."""
    return shape.required if isinstance(shape.required, list | tuple) else ()


def _additional(shape: PromptInput) -> PromptInput:
    """The shape of the properties of an object that have no name."""
    more = shape.additional_properties
    kind = str(more.get("type") or "string") if isinstance(more, Mapping) else "string"
    return PromptInput(type=kind if kind in TYPES else "string")


def option_for(shape: PromptInput, given: Mapping[str, Any]) -> PromptInput | None:
    """The option that answers belong to: that of its constant, else the first that knows all of them."""
    for option in shape.one_of or ():
        properties = option.properties or {}
        constants = {key: part.const for key, part in properties.items() if part.const is not None}
        if all(key in properties for key in given) and all(
            given.get(key, value) == value for key, value in constants.items()
        ):
            return option
    return None


def _require_allowed(value: Any, shape: PromptInput, name: str) -> None:
    if shape.const is not None and value != shape.const:
        raise Unsuitable(f"{name} must be {text_of(shape.const)}")
    if shape.enum and text_of(value) not in map(text_of, shape.enum):
        raise Unsuitable(f"{name} must be one of {', '.join(text_of(one) for one in shape.enum)}")
    if shape.format and isinstance(value, str):
        problem = format_problem(value, shape.format)
        if problem is not None:
            raise Unsuitable(f"{name} {problem}")


def secret_parts(question: Prompt) -> frozenset[str]:
    """The answers that are secrets themselves and are never written down: `password`, `token.env_var`.

    They are recognised by their names, and as the alternative to a reference to a secret.
    """
    shape = shape_of(question)
    options: Sequence[PromptInput] = shape.one_of or ((shape,) if shape.properties else ())
    if not options:
        is_reference = shape.ref.startswith(_REFERENCE_GROUP)
        is_secret = shape.type == "string" and _SECRET_NAME.search(question.name) is not None
        return frozenset((question.name,)) if is_secret and not is_reference else frozenset()
    parts = {key: part for option in options for key, part in (option.properties or {}).items()}
    has_reference = any(part.ref.startswith(_REFERENCE_GROUP) for part in parts.values())
    is_named_so = _SECRET_NAME.search(question.name) is not None
    return frozenset(
        f"{question.name}.{key}"
        for key, part in parts.items()
        if part.const is None
        and not part.ref.startswith(_REFERENCE_GROUP)
        and (has_reference or is_named_so or _SECRET_NAME.search(key) is not None)
    )


def without_secrets(integration: Integration, values: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that may be kept; of one with a secret part, the parts that are none."""
    found: dict[str, Any] = {}
    for question in questions_of(integration):
        value, secret = values.get(question.name), secret_parts(question)
        if isinstance(value, Mapping):
            value = {key: part for key, part in value.items() if f"{question.name}.{key}" not in secret}
        if not is_empty(value) and question.name not in secret:
            found[question.name] = value
    return found


def inputs_of(shape: PromptInput, path: str) -> Iterator[tuple[str, PromptInput]]:
    """A shape and all shapes within it, with their paths."""
    waiting = [(path, shape, 0)]
    while waiting:
        place, one, depth = waiting.pop(0)
        yield place, one
        if depth > DEPTH_MAX:
            continue
        within = [(f"{place}.properties.{key}", part) for key, part in (one.properties or {}).items()]
        within += [(f"{place}.oneOf[{number}]", option) for number, option in enumerate(one.one_of or ())]
        within += [(f"{place}.items", one.items)] if one.items is not None else []
        waiting += [(at, part, depth + 1) for at, part in within]

"""Drafts of resources: what is wrong with a document, and what it would change."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from sensu.errors import InvalidResource
from sensu.resources.asset import Asset
from sensu.resources.envelope import SPEC, is_wrapped, unwrapped
from sensu.resources.kind import METADATA
from sensu.resources.kinds import ENTITY, SILENCED, USER, Kind
from sensu.resources.wire import canonical, convert_client, encode
from sensu.rules.kinds.kind_rules import FieldProblem
from sensu.rules.kinds.table import completed

OBSERVED = ("last_seen", "system", "sensu_agent_version", "user")
"""Fields of an entity that its agent reports; they are left alone if a document does not mention them."""
SECRETS = ("password", "password_hash")
"""Fields of a user that the API never returns, so that they cannot be compared."""
_NOT_COMPARED = {SILENCED: ("creator",), USER: SECRETS}
TYPE_PROBLEMS_MAX = 20
_STEPS = re.compile(r"[^.\[\]]+")
_EXPECTED = re.compile(r"expected (\w+)(?: \| null)?, got (\w+)")
_WORDS = {
    "array": "a list", "bool": "true or false", "float": "a number", "int": "a whole number", "null": "nothing",
    "object": "an object with keys", "str": "a text",
}  # fmt: skip
_NUMBERED = re.compile(r"in expression ([0-9]+)")


def typed(kind: Kind, body: Mapping[str, Any]) -> tuple[Any, list[FieldProblem]]:
    """The struct of a document's body without the fields that have a wrong type, and the problems with those.

    The struct is None if the rest cannot be read either.
    """
    problems: list[FieldProblem] = []
    rest: Any = body
    while len(problems) < TYPE_PROBLEMS_MAX:
        try:
            return convert_client(kind.shape, rest), problems
        except InvalidResource as err:
            path, _, why = with_key_named(rest, str(err)).partition(": ")
            path, why = (path, why) if why else ("", path)
            problems.append(FieldProblem(path, _in_words(why)))
            steps = _STEPS.findall(path)
            if not steps:
                break
            rest = _without(rest, steps)
    return None, problems


def _in_words(why: str) -> str:
    found = _EXPECTED.fullmatch(why)
    if found is None:
        return why
    wanted, given = (_WORDS.get(word, word) for word in found.groups())
    return f"must be {wanted}, not {given}"


def _without(value: Any, steps: list[str]) -> Any:
    """The value without what is at a path; the item of a list takes its whole list with it."""
    first, *others = steps
    if not isinstance(value, Mapping):
        return value
    key = next((one for one in value if one.lower() == first.lower()), first)
    if not others or not isinstance(value.get(key), Mapping):
        return {name: item for name, item in value.items() if name != key}
    return {**value, key: _without(value[key], others)}


def with_key_named(body: Any, problem: str) -> str:
    """The problem with the key of the wrong entry instead of `[...]`: `labels[...]: expected str`."""
    path, found, rest = problem.partition("[...]")
    if not found:
        return problem
    value = body
    for part in _STEPS.findall(path):
        try:
            value = value[int(part)] if isinstance(value, list) else value[part]
        except (KeyError, IndexError, ValueError, TypeError):
            return problem
    entries = value.items() if isinstance(value, dict) else ()
    wrong = next((str(key) for key, entry in entries if not isinstance(entry, str)), "[...]")
    return f"{path}.{wrong}{rest}"


def path_of_script(resource: Any, problem: str) -> str:
    """The field with the expression that a problem with JavaScript is about."""
    found = _NUMBERED.search(problem)
    if found is None:
        return "eval" if problem.startswith("syntax error in eval") else ""
    number = int(found[1])
    if not isinstance(resource, Asset):
        proxies = hasattr(resource, "proxy_requests")
        return f"proxy_requests.entity_attributes[{number}]" if proxies else f"expressions[{number}]"
    paths = [
        f"{prefix}filters[{place}]"
        for prefix, source in _sources(resource)
        for place in range(len(source.filters or ()))
    ]
    return paths[number] if number < len(paths) else ""


def _sources(asset: Asset) -> Iterator[tuple[str, Any]]:
    if not asset.builds:
        yield "", asset
    for number, build in enumerate(asset.builds or ()):
        yield f"builds[{number}].", build


def in_document(path: str) -> str:
    """The path of a field in the document of a resource: within `spec`, unless it is one of the metadata."""
    if not path or path == METADATA or path.startswith(f"{METADATA}."):
        return path
    return f"{SPEC}.{path}"


def comparable(kind: Kind, body: Any, now: float) -> dict[str, Any]:
    """A resource as the API would store and return it, with defaults filled in; `now` in Unix seconds.

    The author is left out because the API sets it, and secrets because they must not be shown.
    """
    if is_wrapped(body):
        body = unwrapped(kind, body)
    resource = convert_client(kind.shape, body)
    kept = canonical(completed(resource, username="", now=now))
    found: dict[str, Any] = msgspec.json.decode(encode(kept))
    for name in _NOT_COMPARED.get(kind, ()):
        found.pop(name, None)
    metadata = found.get(METADATA)
    if isinstance(metadata, dict):
        metadata.pop("created_by", None)
    return found


def left_to_the_api(kind: Kind, body: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that a document leaves to the API, with their current values."""
    fields: tuple[str, ...] = ()
    if kind is ENTITY:
        fields = OBSERVED
    elif kind is SILENCED:
        fields = ("begin", "expire_at")
    return {name: before[name] for name in fields if name in before and not body.get(name)}

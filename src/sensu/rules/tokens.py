"""Token substitution: templates in the texts of checks, hooks and assets, filled in from an entity."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sensu.errors import InvalidResource
from sensu.rules.flattened import flattened_entity, flattened_entity_config
from sensu.rules.templates.allowance import Allowance
from sensu.rules.templates.evaluate import evaluate
from sensu.rules.templates.faults import CallFault, ExecutionFault, SyntaxFault
from sensu.rules.templates.formatting import NO_VALUE
from sensu.rules.templates.lexer import LEFT
from sensu.rules.templates.nodes import Template
from sensu.rules.templates.parser import parse

_TEMPLATES_KEPT_MAX = 512
_CHARACTERS_REMEMBERED_MAX = 2_048
"""Longer templates are parsed each time, so that the parsed ones together take at most some 50 MB."""
_SHOWN_CHARACTERS_MAX = 200


def substitute(value: Any, context: Mapping[str, Any], name: str = "") -> Any:
    """The JSON value with every text in it evaluated as a template; keys stay as they are.

    InvalidResource names the field (`name` for a bare text) when a template is not valid, fails, leaves a value
    undefined, or when all templates together exceed what one resource may cost.
    Source: docs, tokens; recorded token cases.
    """
    return _with_tokens(value, context, name, Allowance())


def _with_tokens(value: Any, context: Mapping[str, Any], name: str, allowance: Allowance) -> Any:
    if isinstance(value, str):
        return _substituted(value, context, name, allowance)
    if isinstance(value, Mapping):
        return {key: _with_tokens(part, context, key, allowance) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_with_tokens(part, context, name, allowance) for part in value]
    return value


def entity_context(entity: Mapping[str, Any]) -> dict[str, Any]:
    """What templates see on the agent: the entity with its metadata's fields beside the others, nothing redacted."""
    return {**flattened_entity(entity, struct_marks=True), "-": 0}


def entity_config_context(entity: Mapping[str, Any]) -> dict[str, Any]:
    """What templates of proxy requests see on the backend: the entity's configuration, its metadata both ways."""
    return flattened_entity_config(entity)


def _substituted(text: str, context: Mapping[str, Any], name: str, allowance: Allowance) -> str:
    if LEFT not in text:
        if NO_VALUE in text:
            raise _unidentified(name)
        return text
    try:
        template = _compiled(text) if len(text) <= _CHARACTERS_REMEMBERED_MAX else parse(text)
    except SyntaxFault as fault:
        message = f"{name}: could not parse the template: template: {name}:{fault.line}: {fault.message}"
        raise InvalidResource(message) from fault
    try:
        allowance.step(template.words)
        result = evaluate(template, context, allowance=allowance)
    except CallFault as refused:
        raise InvalidResource(f"{name}: could not execute the template: {refused}") from refused
    except ExecutionFault as fault:
        raise InvalidResource(f"could not execute the template: {_located(fault, text, name)}") from fault
    if NO_VALUE in result:
        raise _undefined(template, context, name)
    return result


@lru_cache(maxsize=_TEMPLATES_KEPT_MAX)
def _compiled(text: str) -> Template:
    return parse(text)


def _undefined(template: Template, context: Mapping[str, Any], name: str) -> InvalidResource:
    """Which token was undefined, found by carrying the template out once more with missing keys as faults."""
    try:
        evaluate(template, context, missing_key_is_fault=True)
    except ExecutionFault as fault:
        return InvalidResource(f"{name}: unmatched token: {_located(fault, template.text, name)}")
    return _unidentified(name)


def _unidentified(name: str) -> InvalidResource:
    return InvalidResource(f"{name}: unmatched token: found an undefined value but could not identify the token")


def _located(fault: ExecutionFault, text: str, name: str) -> str:
    before = text[: fault.position]
    column = len(before.rpartition("\n")[2].encode(errors="replace"))
    place = f'template: {name}:{before.count(chr(10)) + 1}:{column}: executing "{name}"'
    return f"{place} at <{fault.context[:_SHOWN_CHARACTERS_MAX]}>: {fault.message}"

"""Token substitution: evaluates templates in checks, hooks and assets with the fields of an entity."""

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
"""Longer templates are not cached, so that the cache takes at most about 50 MB."""
_SHOWN_CHARACTERS_MAX = 200


def substitute(value: Any, context: Mapping[str, Any], name: str = "") -> Any:
    """The JSON value with every string in it evaluated as a template; keys are not changed.

    Raises InvalidResource with the name of the field (`name` for a single string) if a template is invalid, fails, or
    uses an undefined value, or if all templates together exceed the limits of a resource.
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
    """The context of templates on the agent: the entity with its metadata fields hoisted, and nothing redacted."""
    return {**flattened_entity(entity, struct_marks=True), "-": 0}


def entity_config_context(entity: Mapping[str, Any]) -> dict[str, Any]:
    """The context of templates of proxy requests: the entity's configuration, with its metadata hoisted and nested."""
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
    """The error for an undefined token, found by executing the template again with missing keys as errors."""
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

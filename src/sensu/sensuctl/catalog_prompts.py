"""The questions of an integration at a terminal; everything that a catalog says is shown without control characters."""

from collections.abc import Mapping
from typing import Any

from sensu.resources.catalog import Integration, Prompt, PromptInput
from sensu.rules.catalog.prompts import (
    MARKDOWN,
    SECTION,
    Unsuitable,
    as_question,
    is_empty,
    required_properties,
    secret_parts,
    shape_of,
    typed,
)
from sensu.rules.catalog.references import parse_reference, suggestions
from sensu.rules.catalog.substitute import text_of
from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import APIError
from sensu.sensuctl.output import show_title
from sensu.sensuctl.paths import resource_path
from sensu.sensuctl.prompt import ask, ask_secret
from sensu.terminal_text import clean

READ_MAX, SUGGESTED_MAX = 500, 20
"""The maximum number of resources that are read for suggestions, and of suggestions that are shown."""
LINE_MAX = 500
"""The maximum length of a title or a description; longer ones are cut."""
NOT_FOR_US = (402, 403, 404)
_NONE = PromptInput(type="string")


def ask_questions(context: Context, integration: Integration, given: Mapping[str, Any]) -> dict[str, Any]:
    """The answers to all questions that have none yet, which are added to those given; raises CommandFailed at the end.

    A question without an answer gets its default.
    """
    answers = dict(given)
    for prompt in integration.prompts:
        question = as_question(prompt)
        if question is None:
            show_text(context, prompt)
        elif question.name not in answers:
            value = _Asking(context, question).answer()
            if value is not None:
                answers[question.name] = value
    return answers


def show_text(context: Context, step: Prompt) -> None:
    """Show a section or a text of an integration."""
    if step.type == SECTION and step.title:
        context.print()
        show_title(context, _one_line(step.title))
    elif step.type == MARKDOWN and step.body:
        context.print(step.body.strip())
        context.print()


def _one_line(text: str) -> str:
    """A text without line breaks, so that no title looks like output of this program."""
    line = " ".join(text[: 4 * LINE_MAX].split())
    return line if len(line) <= LINE_MAX else line[: LINE_MAX - 1] + "…"


class _Asking:
    """Asks one question until its answer is valid."""

    def __init__(self, context: Context, question: Prompt) -> None:
        self._context, self._question = context, question
        self._secret = secret_parts(question)

    def answer(self) -> Any:
        """The answer, None without one."""
        shape = shape_of(self._question)
        return self._ask(shape, self._question.name, required=self._question.required)

    def _ask(self, shape: PromptInput, name: str, *, required: bool) -> Any:
        if shape.one_of:
            return self._option(shape, name, required=required)
        if shape.properties:
            return self._parts(shape, name)
        while True:
            found = self._line(shape, name)
            try:
                value = typed(shape.default if is_empty(found) else found, shape, name)
            except Unsuitable as err:
                self._context.print(f"  {err}")
                continue
            if value is not None or not required:
                return value
            self._context.print("  an answer is required")

    def _line(self, shape: PromptInput, name: str) -> str:
        """What is typed for a value, empty for the default; descriptions and suggestions are shown before it."""
        item = shape.items or _NONE
        title = _one_line(shape.title or item.title or name)
        description = _one_line(shape.description or item.description)
        if description:
            self._context.print(f"  {description}")
        if name in self._secret:
            return ask_secret(self._context, clean(f"{title}:"))
        known = [text_of(one) for one in shape.enum or item.enum or ()] or self._existing(shape.ref and shape or item)
        if known:
            more = f" … ({len(known)} in all)" if len(known) > SUGGESTED_MAX else ""
            self._context.print(f"  known: {_one_line(', '.join(known[:SUGGESTED_MAX]))}{more}")
        default = _one_line(text_of(shape.default))
        return ask(self._context, f"{title}: ({default})" if default else f"{title}:")

    def _parts(self, shape: PromptInput, name: str) -> dict[str, Any] | None:
        found: dict[str, Any] = {}
        for key, part in (shape.properties or {}).items():
            value = part.const
            if value is None:
                value = self._ask(part, f"{name}.{key}", required=key in required_properties(shape))
            if value is not None:
                found[key] = value
        return found or None

    def _option(self, shape: PromptInput, name: str, *, required: bool) -> dict[str, Any] | None:
        """The answers to one of several options, which is chosen by its number."""
        options = shape.one_of or ()
        for number, option in enumerate(options, 1):
            title, description = map(_one_line, _option_text(option))
            self._context.print(f"  {number}. {title}{description and ': '}{description}")
        title = _one_line(shape.title or _constant(options[0]).title or name)
        while True:
            chosen = ask(self._context, f"{title} (1-{len(options)}{'' if required else ', empty for none'}):")
            if not chosen and not required:
                return None
            if chosen.isascii() and chosen.isdecimal() and 1 <= int(chosen[:9]) <= len(options):
                return self._parts(options[int(chosen) - 1], name)
            self._context.print(f"  type a number from 1 to {len(options)}")

    def _existing(self, shape: PromptInput) -> list[str]:
        """The values that exist already, none if they cannot be read."""
        reference = parse_reference(shape.ref)
        if reference is None:
            return []
        context = self._context
        try:
            pages = context.session.pages(resource_path(reference.kind, context.namespace), {}, READ_MAX)
            return suggestions(reference, shape.ref_filter, next(pages).items)
        except APIError as err:
            if err.status not in NOT_FOR_US:
                raise
            return []


def _constant(option: PromptInput) -> PromptInput:
    """The property that tells an option from the others."""
    return next((part for part in (option.properties or {}).values() if part.const is not None), _NONE)


def _option_text(option: PromptInput) -> tuple[str, str]:
    constant = _constant(option)
    if constant.const_text is not None and constant.const_text.title:
        return constant.const_text.title, constant.const_text.description
    return option.title or text_of(constant.const) or ", ".join(option.properties or {}), option.description

"""The errors of the API and of the programs: what they look like, and the messages in the sources."""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from reference_pages.markdown import code, prose, table
from reference_pages.sources import GAP, Source, modules, texts_of

from sensu.backend.api import errors as api

HEAD = f"""# Errors

This page is generated from the code; `{GAP}` stands for what is inserted into a message. At a terminal, `sensuctl` adds
what helps to most of them, and `sensuctl doctor` finds out why something does not work. What is in the logs is on the
page of [log lines](log.md).

## Answers of the API

A request that fails is answered with a `message` and a `code`:

```json
{{"message": "not found", "code": 2}}
```

Requests that are refused before they reach an endpoint, because the caller is not authenticated or lacks a right, have
the names in capitals, as in Sensu Go:

```json
{{"Code": {api.PERMISSION_DENIED}, "Message": "unauthorized to perform action"}}
```

"""
_ANSWERS = (
    (400, api.INVALID_ARGUMENT, "the request or the resource breaks a rule; the message names the field and the rule"),
    (401, api.UNAUTHENTICATED, "the token, the key or the password is missing, wrong or expired: log in again"),
    (403, api.PERMISSION_DENIED, "no role of the caller allows it: ask an administrator for one"),
    (404, api.NOT_FOUND, "the resource, the namespace or the path does not exist"),
    (405, None, "the path does not support the method; the header `Allow` lists those that it supports"),
    (409, api.ALREADY_EXISTS, "the resource exists, or its state does not permit the request"),
    (412, api.PRECONDITION_FAILED, "the stored resource does not meet `If-Match` or `If-None-Match`: read it again"),
    (413, api.INVALID_ARGUMENT, "the body is larger than `api-request-limit`"),
    (429, api.RESOURCE_EXHAUSTED, "a limit is exceeded: try again after the seconds in `Retry-After`"),
    (500, api.INTERNAL, "an unexpected failure; the log of the backend has the details"),
    (503, api.INTERNAL, "the backend cannot answer now: try again after the seconds in `Retry-After`"),
)
_EXITS = """## Exit statuses

| program | status | meaning |
| --- | --- | --- |
| all | 0 | success |
| all | 1 | failure, with a message |
| all | 130 | interrupted with Ctrl-C |
| `sensu-backend init` | 3 | the database was initialised before; nothing is changed |
| `sensuctl` | 64 | a noun without a verb, or an unknown command |
| `sensuctl diff` | 1 | there are differences |
| `sensuctl doctor` | 1, 2 | warnings, problems |
| `sensu-check` | 0, 1, 2, 3 | OK, warning, critical, unknown |
"""
_REFUSALS = {
    "Invalid": "400",
    "NotFound": "404",
    "Exists": "409",
    "PreconditionFailed": "412",
    "TooMany": "429",
    "too_many": "429",
    "too_large": "413",
    "unauthenticated": "401",
    "Unavailable": "503",
    "unavailable": "503",
}
_START = ("ConfigurationError", "ConfigurationFileError", "AddressUnavailable", "StoreInUse")
_WORDS = re.compile(r"[a-zA-Z]{3,} .*[a-zA-Z]{2,}")
"""A text that says something without what is inserted."""


class Message(NamedTuple):
    """A message, and what it is about."""

    about: str
    text: str


def page() -> str:
    """The page in Markdown."""
    sources = list(modules("FieldProblem", "CommandFailed", "ExecutionError", *_REFUSALS, *_START))
    parts = [
        HEAD + table(("status", "code", "meaning"), ((str(a), "" if b is None else str(b), c) for a, b, c in _ANSWERS))
    ]
    parts += [_EXITS, "## Messages of the API\n", _table("status", _refusals(sources))]
    parts += ["## Resources that break a rule\n", _RULES, _table("kind and field", _broken_rules(sources))]
    parts += ["## Starting a program\n", _table("program", _failures(sources, _START, _PROGRAMS))]
    parts += ["## sensuctl\n", _table("", _failures(sources, ("CommandFailed",), {"sensuctl": ""}))]
    parts += ["## Commands and assets\n", _OUTPUTS, _table("", _failures(sources, ("ExecutionError",), None))]
    return "\n".join(parts)


_RULES = "The API answers with status 400 and the first rule that is broken; drafts in the web UI show all.\n"
_OUTPUTS = "These are in the output of checks and hooks, and in the reasons of deliveries that failed.\n"
_PROGRAMS = {"agent": "`sensu-agent`", "backend": "`sensu-backend`", "": "all", "store": "`sensu-backend`"}


def _table(about: str, messages: Iterator[Message]) -> str:
    found = sorted({message for message in messages if _WORDS.search(message.text)})
    if not about:
        return table(("message",), [(prose(message.text),) for message in found])
    return table((about, "message"), [(message.about, prose(message.text)) for message in found])


def _refusals(sources: list[Source]) -> Iterator[Message]:
    for source in sources:
        if source.room == "backend":
            for name, call in source.calls:
                status = _REFUSALS.get(name.rpartition(".")[2])
                if status is not None and call.args:
                    yield from (Message(status, text) for text in texts_of(call.args[0]))


def _broken_rules(sources: list[Source]) -> Iterator[Message]:
    for source in sources:
        kind = source.name.rpartition(".")[2].replace("_", " ")
        for name, call in source.calls:
            if name in ("FieldProblem", "at_most_one") and len(call.args) > 1 and source.name.startswith(_OF_KINDS):
                field = next(iter(texts_of(call.args[0])), GAP)
                about = f"{kind}: {code(field)}" if field else kind
                yield from (Message(about, text) for text in texts_of(call.args[1]))


_OF_KINDS = "sensu.rules.kinds."


def _failures(sources: list[Source], errors: tuple[str, ...], rooms: dict[str, str] | None) -> Iterator[Message]:
    """The messages of errors, of some rooms or of all."""
    for source in sources:
        if rooms is not None and source.room not in rooms:
            continue
        about = "" if rooms is None else rooms[source.room]
        for name, call in source.calls:
            if name.rpartition(".")[2] in errors and call.args:
                yield from (Message(about, text) for text in texts_of(_whole(call.args[0])))


def _whole(node: ast.expr) -> ast.expr:
    """A text without the hint that `or` chooses if it is missing."""
    return node.values[-1] if isinstance(node, ast.BoolOp) else node

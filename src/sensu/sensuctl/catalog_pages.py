"""Pages that preview the integrations of a catalog in a browser; they have no scripts, and every text is escaped."""

import json
from collections.abc import Iterable, Iterator
from html import escape
from itertools import groupby
from typing import Any

from sensu.resources.catalog import Integration, Prompt, PromptInput
from sensu.resources.wire import encode
from sensu.rules.catalog.definition import example_variables, problems_of
from sensu.rules.catalog.patches import SkippedPatch, patched, target_of, title_of_target
from sensu.rules.catalog.prompts import SECTION, as_question, secret_parts, shape_of
from sensu.rules.catalog.substitute import text_of, text_with
from sensu.sensuctl.catalog_source import IntegrationCatalog, PublishedCatalog, chosen, name_in
from sensu.sensuctl.output import to_yaml_documents

POLICY = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c1e21;background:#fff}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2rem}a{color:#0b57a4}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #d5d8dd}
pre{background:#f4f5f7;padding:1rem;overflow:auto;white-space:pre-wrap}img{max-height:3rem}.problem{color:#a11}
@media (prefers-color-scheme:dark){body{color:#e4e6eb;background:#18191b}a{color:#7db6f5}pre{background:#242628}
.problem{color:#f99}td,th{border-color:#3a3d41}}
"""


def list_page(catalog: IntegrationCatalog) -> str:
    """The page with all integrations."""
    rows = [
        [
            f'<a href="/integrations/{escape(_name(one))}">{escape(one.display_name)}</a>',
            escape(_name(one)),
            escape(one.version),
            escape(one.provider),
            escape(one.short_description),
        ]
        for one in catalog.latest()
    ]
    return _page("Catalog", _table(("Integration", "Name", "Version", "Provider", "Description"), rows))


def integration_page(catalog: PublishedCatalog, name: str) -> str:
    """The page of an integration; raises CommandFailed if it does not exist."""
    found = chosen(catalog, name_in(name))
    integration, resources = catalog.integration(found), catalog.resources(found)
    logo = f"/{catalog.release}/{found.full}/{found.version}/logo.png"
    variables = example_variables(integration)
    resources_shown, skipped = patched(resources, integration, variables)
    parts = [
        f'<p><a href="/">Catalog</a></p><p><img src="{escape(logo)}" alt=""></p>',
        f"<p>{escape(integration.short_description)}</p>",
        _facts(integration, catalog.versions(found)),
        _problems(integration, resources),
        "<h2>Questions</h2>",
        *_questions(integration),
        "<h2>Resources with example answers</h2>",
        _block(to_yaml_documents(resources_shown)),
        *(_skipped(one) for one in skipped),
        "<h2>After the installation</h2>",
        *(f"<h3>{escape(one.title)}</h3>{_block(text_with(one.body, variables))}" for one in integration.post_install),
        f"<h2>README</h2>{_block(catalog.readme(found))}",
        f"<h2>Definition</h2>{_block(json.dumps(json.loads(encode(integration)), indent=2))}",
    ]
    return _page(integration.display_name or found.full, "\n".join(parts))


def _block(text: str) -> str:
    return f"<pre>{escape(text)}</pre>" if text else ""


def _skipped(one: SkippedPatch) -> str:
    return f'<p class="problem">Skipped: {escape(one.title)} {escape(one.path)}: {escape(one.reason)}</p>'


def _name(integration: Integration) -> str:
    return f"{integration.metadata.namespace}/{integration.metadata.name}"


def _facts(integration: Integration, versions: Iterable[str]) -> str:
    facts = {
        "Name": _name(integration),
        "Versions": ", ".join(versions),
        "Class": integration.integration_class,
        "Provider": integration.provider,
        "Platforms": ", ".join(integration.supported_platforms),
        "Tags": ", ".join(integration.tags),
        "Contributors": ", ".join(integration.contributors),
    }
    rows = "".join(f'<tr><th scope="row">{title}</th><td>{escape(text)}</td></tr>' for title, text in facts.items())
    return f"<table><tbody>{rows}</tbody></table>"


def _problems(integration: Integration, resources: list[dict[str, Any]]) -> str:
    found = [
        f"<li class=problem>{escape(path)}: {escape(message)}</li>"
        for path, message in problems_of(integration, resources)
    ]
    named = [f"<li>{escape(title_of_target(target_of(one)))}</li>" for one in resources]
    problems = f"<h2>Problems</h2><ul>{''.join(found)}</ul>" if found else ""
    return f"{problems}<h2>Installs</h2><ul>{''.join(named)}</ul>"


def _questions(integration: Integration) -> Iterator[str]:
    """The steps of the dialog; questions that follow each other are rows of one table."""
    for is_asked, steps in groupby(integration.prompts, lambda prompt: as_question(prompt) is not None):
        if is_asked:
            rows = [row for prompt in steps for row in _question_rows(prompt)]
            yield _table(("Answer", "Question", "Type", "Default", "Description"), rows)
            continue
        for prompt in steps:
            yield f"<h3>{escape(prompt.title)}</h3>" if prompt.type == SECTION else _block(prompt.body)


def _question_rows(prompt: Prompt) -> Iterable[list[str]]:
    question = as_question(prompt) or prompt
    return _input_rows(shape_of(question), question.name, secret_parts(question), required=question.required)


def _input_rows(shape: PromptInput, name: str, secret: frozenset[str], *, required: bool) -> Iterable[list[str]]:
    options = shape.one_of or ((shape,) if shape.properties else ())
    if not options:
        kind = ("secret" if name in secret else shape.type) + (", required" if required else "")
        item = shape.items or PromptInput()
        texts = (name, shape.title or item.title, kind, text_of(shape.default), shape.description or item.description)
        yield [escape(text) for text in texts]
    for option in options:
        for key, part in (option.properties or {}).items():
            if part.const is None:
                yield from _input_rows(part, f"{name}.{key}", secret, required=False)


def _table(titles: Iterable[str], rows: Iterable[list[str]]) -> str:
    head = "".join(f'<th scope="col">{title}</th>' for title in titles)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><h1>{escape(title)}</h1>{body}</body></html>"
    )

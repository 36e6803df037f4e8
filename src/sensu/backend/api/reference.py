"""The API reference: the OpenAPI document, and an HTML page that shows it without loading anything from other hosts."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from html import escape
from typing import Any

import msgspec

from sensu.backend.api.openapi import OpenAPIDocument, document
from sensu.backend.api.request import Request
from sensu.backend.api.responses import NOSNIFF, Response, json
from sensu.backend.api.router import Route

HTML = "text/html; charset=utf-8"
_POLICY = (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")


def routes(described: Sequence[Route], version: str) -> Iterator[Route]:
    """The routes of the document and the page, which cover `described` and these two."""
    endpoint = ReferenceEndpoint(version)
    own = (
        Route("GET", "/openapi.json", endpoint.openapi, open=True, early=True, gives=dict[str, Any]),
        Route("GET", "/docs", endpoint.page, open=True, early=True, media_type=HTML),
    )
    endpoint.described = (*described, *own)
    yield from own


class ReferenceEndpoint:
    """Handles requests for the reference, which is generated for the first of them."""

    def __init__(self, version: str) -> None:
        self.described: Sequence[Route] = ()
        self._version = version

    async def openapi(self, request: Request) -> Response:
        """Get the OpenAPI 3.1 document of this API."""
        return json(self._openapi_json)

    async def page(self, request: Request) -> Response:
        """Show the API reference as an HTML page."""
        page = self._html
        length = (b"content-length", b"%d" % len(page))
        return Response(200, [(b"content-type", HTML.encode()), length, NOSNIFF, _POLICY], page)

    @cached_property
    def _document(self) -> OpenAPIDocument:
        return document(self.described, self._version)

    @cached_property
    def _openapi_json(self) -> bytes:
        return msgspec.json.encode(self._document)

    @cached_property
    def _html(self) -> bytes:
        return html_of(self._document).encode()


_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
code, pre { font-family: ui-monospace, monospace; font-size: .9em }
details { border: 1px solid #ccc; border-radius: 4px; margin: .3rem 0; padding: .3rem .7rem }
summary { cursor: pointer } summary b { display: inline-block; width: 5rem } pre { overflow: auto }
nav { display: flex; flex-wrap: wrap; gap: 0 .8rem } summary code { overflow-wrap: anywhere }
table { border-collapse: collapse }
td { padding: .1rem .8rem .1rem 0; vertical-align: top }
@media (prefers-color-scheme: dark) { body { background: #1b1b1b; color: #ddd } a { color: #8ab4f8 } }
"""


def html_of(described: OpenAPIDocument) -> str:
    """Render an OpenAPI document as HTML."""
    info = described["info"]
    tags = [tag["name"] for tag in described["tags"]]
    links = "".join(f'<a href="#{escape(tag)}">{escape(tag)}</a>' for tag in tags)
    sections = "".join(_section(described, tag) for tag in tags)
    schemas = "".join(_schema(name, schema) for name, schema in sorted(described["components"]["schemas"].items()))
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(info['title'])} API</title><style>{_STYLE}</style></head><body>"
        f"<h1>{escape(info['title'])} API {escape(info['version'])}</h1><p>{escape(info['description'])}</p>"
        f'<p>For programs: <a href="/openapi.json">openapi.json</a></p><nav>{links}<a href="#schemas">schemas</a></nav>'
        f'{sections}<h2 id="schemas">schemas</h2>{schemas}</body></html>'
    )


def _section(described: OpenAPIDocument, tag: str) -> str:
    operations = "".join(
        _operation(path, method, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
        if tag in operation["tags"]
    )
    return f'<h2 id="{escape(tag)}">{escape(tag)}</h2>{operations}'


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(one['name'])}</code></td><td>{escape(one['in'])}</td>"
        f"<td>{escape(one.get('description', ''))}</td></tr>"
        for one in operation["parameters"]
    )
    body = operation.get("requestBody", {}).get("content", {})
    takes = "".join(f"<p>Body ({escape(media)}): {_shape(one['schema'])}</p>" for media, one in body.items())
    gives = "".join(
        f"<li>{escape(status)} {escape(response['description'])}{_answer(response)}</li>"
        for status, response in operation["responses"].items()
    )
    return (
        f"<details><summary><b>{escape(method.upper())}</b> <code>{escape(path)}</code> – "
        f"{escape(operation['summary'])}</summary><table>{rows}</table>{takes}<ul>{gives}</ul></details>"
    )


def _answer(response: Mapping[str, Any]) -> str:
    content = response.get("content", {})
    return "".join(f"; {escape(media)}: {_shape(one['schema'])}" for media, one in content.items())


def _shape(schema: Mapping[str, Any]) -> str:
    """A short description of a schema, with a link if it has a name."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[-1])
        return f'<a href="#schema-{name}">{name}</a>'
    if "prefixItems" in schema:
        return f"list of {', '.join(map(_shape, schema['prefixItems']))}"
    if schema.get("type") == "array":
        return f"list of {_shape(schema['items'])}"
    if "anyOf" in schema:
        return " or ".join(map(_shape, schema["anyOf"]))
    return escape(str(schema.get("type", "any JSON")))


def _schema(name: str, schema: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(member)}</code></td><td>{_shape(one)}</td></tr>"
        for member, one in schema.get("properties", {}).items()
    )
    about = escape(schema.get("description", ""))
    return (
        f'<details id="schema-{escape(name)}"><summary><code>{escape(name)}</code></summary>'
        f"<p>{about}</p><table>{rows}</table></details>"
    )

"""The kinds of resources with their fields, from the structs and the texts of the forms."""

from collections.abc import Iterator, Set
from typing import Any

from reference_pages.field_texts import PAGES, TEXTS
from reference_pages.markdown import code, prose, table

from sensu.resources.kinds import STORED_TYPES, Kind
from sensu.rules.forms.inputs import HIDDEN, KindForm
from sensu.rules.forms.schema import schema_of
from sensu.rules.forms.table import FORMS

HEAD = """# Resources

Everything that you configure is a resource. In files, a resource has a `type`, an `api_version`, `metadata` and a
`spec`:

```yaml
type: CheckConfig
api_version: core/v2
metadata:
  name: disk
  namespace: default
  labels:
    team: storage
spec:
  command: sensu-check disk
  subscriptions: [linux]
  interval: 60
  publish: true
```

`sensuctl create -f FILE` creates what is in a file, `sensuctl dump all` writes it. This page is generated from the
code. A field like `a.b` is the field `b` in the object `a`, `a[].b` that of each item of a list, and `a.*` the value
under any key. Without a default, a field that is not set is empty, 0 or false.

## Metadata

Resources with metadata have these fields in it:

| field | value | meaning |
| --- | --- | --- |
| `name` | text | letters, digits, and the characters `_ . - :`; required |
| `namespace` | text | the namespace of the resource, if its kind has one; otherwise that of the command or of the URL |
| `labels` | texts by name | names and values, by which resources are found with [selectors](../api.md#selectors) |
| `annotations` | texts by name | names and values for people and other programs |
| `created_by` | text | the user who last wrote it; set by the backend |

## Kinds

"""
TYPES = {
    "string": "text",
    "boolean": "true or false",
    "integer": "whole number",
    "number": "number",
    "object": "object",
}


def page() -> str:
    """The page in Markdown."""
    kinds = sorted(STORED_TYPES, key=lambda kind: (kind.type.lower(), kind.api_version))
    rows = [(f"[{kind.type}](#{kind.type.lower()})", code(kind.api_version), kind.word) for kind in kinds]
    parts = [HEAD + table(("type", "API version", "what it is called"), rows)]
    return "\n".join([*parts, *map(_section, kinds)])


def _section(kind: Kind) -> str:
    about = [f"`{kind.api_version}`", f"API: `{_path(kind)}`"]
    owner = kind.part_of or kind
    if owner.noun:
        about.append(f"sensuctl: `sensuctl {owner.noun}`")
    if not kind.has_metadata:
        about.append(f"named by `{kind.named_by}`" if kind.named_by else "there is only one")
    about.append("in a namespace" if kind.namespaced else "for all namespaces")
    text = f"## {kind.type}\n\n{_about(kind)}\n\n{' · '.join(about)}\n"
    if owner in PAGES:
        text += f"\nHow to use it: [{PAGES[owner][0]}]({PAGES[owner][1]}).\n"
    rows = [(_breakable(path), value, meaning) for path, value, meaning in _fields(kind)]
    return text + ("\n" + table(("field", "value", "meaning"), rows) if rows else "")


def _breakable(path: str) -> str:
    """A path as code that may be broken after its dots."""
    return f"<code>{path.replace('.', '.<wbr>')}</code>"


def _path(kind: Kind) -> str:
    path = kind.path("NAMESPACE" if kind.namespaced else "", "" if kind.single else "NAME")
    return path if path.startswith("/") else f"/{path}"


def _about(kind: Kind) -> str:
    """The first paragraphs of the struct's docstring, without where its facts come from."""
    text = (kind.shape.__doc__ or "").partition("Source:")[0]
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n") if part.strip())


def _fields(kind: Kind) -> Iterator[tuple[str, str, str]]:
    """The path, the value and the meaning of each field."""
    form = FORMS.get(kind) or KindForm(kind, (), {})
    spec = schema_of(form)["properties"]["spec"]
    hidden = {path for path, given in form.fields.items() if given.widget == HIDDEN}
    for path, found in _described(spec, "", hidden | WHOLE):
        given = form.fields.get(path)
        if path in hidden and given is not None and not (given.title or given.help):
            continue
        yield path, _value(found), _meaning(kind, path, found)


def _described(schema: dict[str, Any], path: str, whole: Set[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The fields of an object, each followed by those in it; of those that are `whole`, nothing more is said."""
    for name, found in schema.get("properties", {}).items():
        inner = f"{path}.{name}" if path else name
        yield inner, found
        if inner in whole:
            continue
        yield from _described(found, inner, whole)
        items, values = found.get("items"), found.get("additionalProperties")
        if isinstance(items, dict):
            yield from _described(items, f"{inner}[]", whole)
            if isinstance(items.get("additionalProperties"), dict):
                yield from _described(items["additionalProperties"], f"{inner}[].*", whole)
        if isinstance(values, dict):
            yield from _described(values, f"{inner}.*", whole)


WHOLE = {"check", "entity", "license", "system"}
"""Objects that are other kinds, or that nobody writes."""


def _value(found: dict[str, Any]) -> str:
    if "enum" in found:
        return ", ".join(code(choice) if choice else "empty" for choice in found["enum"])
    named = found.get("type", "any value")
    one = str(named[0] if isinstance(named, list) else named)
    text = TYPES.get(one, one)
    if one == "array":
        items = found["items"]
        choices = items.get("enum")
        text = f"list of {', '.join(map(code, choices))}" if choices else f"list of {_plural(items)}"
    elif one == "object" and isinstance(found.get("additionalProperties"), dict):
        text = f"{_plural(found['additionalProperties'])} by name"
    unit = found.get("x-form", {}).get("unit", "")
    bounds = _bounds(found)
    return text + (f" ({unit})" if unit else "") + (f", {bounds}" if bounds else "")


def _plural(found: dict[str, Any]) -> str:
    named = found.get("type", "")
    one = named[0] if isinstance(named, list) else named
    several = {"string": "texts", "integer": "numbers", "number": "numbers", "object": "objects", "array": "lists"}
    return several.get(one, "values")


def _bounds(found: dict[str, Any]) -> str:
    least, most = found.get("minimum"), found.get("maximum")
    if least in _NO_BOUND:
        least = None
    if most in _NO_BOUND:
        most = None
    if least is not None and most is not None:
        return f"{least} to {most}"
    if least is not None:
        return f"at least {least}"
    return "" if most is None else f"at most {most}"


_NO_BOUND = {sign * 2**bits - (sign > 0) for bits in (31, 32, 63, 64) for sign in (1, -1)} | {0}
"""The ends of the ranges of numbers in the protocol, which say nothing."""


def _default(found: dict[str, Any]) -> str:
    missing = found.get("default")
    return f" Default: {code(str(missing).lower() if missing is True else str(missing))}." if missing else ""


def _meaning(kind: Kind, path: str, found: dict[str, Any]) -> str:
    title, text = found.get("title", ""), found.get("description", "")
    own = TEXTS.get(kind.type, {}).get(path, "")
    meaning = text or own or (f"{title}." if title else "")
    examples = found.get("examples")
    text = prose(meaning) + _default(found) if meaning else ""
    return text + (f" Example: {code(examples[0])}" if examples else "")


def fields_without_texts() -> list[str]:
    """The fields that the page says nothing about, as `type: path`."""
    return [f"{kind.type}: {path}" for kind in STORED_TYPES for path, _, meaning in _fields(kind) if not meaning]

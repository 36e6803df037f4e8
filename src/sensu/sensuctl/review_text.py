"""Imported resources as text: YAML with comments where something must be decided, and a summary."""

import re
from collections.abc import Mapping, Sequence

from sensu.files.yaml_text import in_natural_order, to_yaml
from sensu.rules.importing.imported import Imported, ImportedResource
from sensu.terminal_text import clean

REVIEW = "# review: "


def reviewed_yaml(imported: Imported) -> str:
    """The resources as YAML: what was not taken at the top, and a comment above each line that needs a decision."""
    head = [f"# Imported from {imported.source}. Read the comments, change what must be changed, then run:"]
    head.append("#   sensuctl create --file THIS-FILE")
    head += [f"# {line}" for line in _not_taken(imported)]
    documents = [_document(one) for one in imported.resources]
    return "---\n".join(["\n".join(head) + "\n", *documents])


def summary_of(imported: Imported) -> Sequence[str]:
    """What was taken and what was not."""
    changed = sum(1 for one in imported.resources if one.reviews)
    taken = f"{len(imported.resources)} resources, {changed} with something to review"
    return [f"{taken}; {len(imported.not_taken)} not taken", *_not_taken(imported)]


def variables_text(secrets: Mapping[str, str]) -> str:
    """Environment variables as systemd's `EnvironmentFile=` and a shell read them."""
    return "".join(f'{name}="{_escaped(value)}"\n' for name, value in secrets.items())


def _escaped(value: str) -> str:
    return re.sub(r'([\\"$`])', r"\\\1", value)


def _not_taken(imported: Imported) -> list[str]:
    return [_one_line(f"not taken: {one.what}: {one.why}") for one in imported.not_taken]


def _document(resource: ImportedResource) -> str:
    text = to_yaml({key: in_natural_order(value) for key, value in resource.document().items()})
    lines, above = text.splitlines(), []
    at = lines.index("spec:")
    for review in resource.reviews:
        comment = REVIEW + _one_line(review.text)
        place = next((n for n in range(at, len(lines)) if lines[n].startswith(f"  {review.field}:")), 0)
        if place and review.field:
            lines.insert(place, f"  {comment}")
        else:
            above.append(comment)
    return "\n".join([*above, *lines]) + "\n"


def _one_line(text: str) -> str:
    """A text that stays in one comment."""
    return clean(" ".join(text.split()))

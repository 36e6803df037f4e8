"""What `sensuctl migrate` did, and what is left for a person to do."""

from collections.abc import Iterator

from sensu.resources.kinds import Kind
from sensu.sensuctl.command import Context

CREATED, UPDATED, SAME, DIFFERS, REFUSED = "created", "updated", "unchanged", "different", "refused"
PLANNED = {CREATED: "to create", UPDATED: "to update"}
NAMES_SHOWN_MAX = 20


class MigrationReport:
    """Counts by kind, and notes."""

    def __init__(self) -> None:
        self.counts: dict[Kind, dict[str, int]] = {}
        self.different: list[str] = []
        self.refused: list[str] = []
        self.not_copied: dict[str, str] = {}
        """What was not copied, with the reason and the remedy."""
        self.disabled_users: list[str] = []
        self.needed: dict[str, list[str]] = {}
        """What the host of a backend must have, with the resources that need it."""

    def count(self, kind: Kind, outcome: str, title: str, why: str = "") -> None:
        """Count a resource."""
        counts = self.counts.setdefault(kind, {})
        counts[outcome] = counts.get(outcome, 0) + 1
        if outcome == DIFFERS:
            self.different.append(title)
        elif outcome == REFUSED:
            self.refused.append(f"{title}: {why}")

    def print(self, context: Context, *, dry_run: bool) -> None:
        """Print the counts on standard output, and the notes below them."""
        for kind, counts in self.counts.items():
            words = PLANNED if dry_run else {}
            parts = (f"{number} {words.get(outcome, outcome)}" for outcome, number in counts.items())
            context.print(f"{kind.plural}: {', '.join(parts)}")
        if not self.counts:
            context.print("nothing to copy")
        for line in self._notes():
            context.print(line)

    def _notes(self) -> Iterator[str]:
        yield from _listed("not copied:", [f"{what}: {why}" for what, why in self.not_copied.items()])
        yield from _listed("refused:", self.refused)
        yield from _listed("different here, and left as they are (--overwrite replaces them):", self.different)
        if self.disabled_users:
            yield "users without a password, and therefore disabled; for each, run 'sensuctl user reset-password NAME',"
            yield "then 'sensuctl user reinstate NAME' (--hashes FILE copies password hashes that you have):"
            yield from _shown(self.disabled_users)
        needed = [f"{what}, for {_few(titles)}" for what, titles in self.needed.items()]
        yield from _listed("needed on the host of each backend:", needed)


def _few(titles: list[str]) -> str:
    more = len(titles) - 3
    return ", ".join(titles[:3]) + (f" and {more} more" if more > 0 else "")


def _listed(head: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield head
        yield from _shown(lines)


def _shown(lines: list[str]) -> Iterator[str]:
    yield from (f"  {line}" for line in lines[:NAMES_SHOWN_MAX])
    if len(lines) > NAMES_SHOWN_MAX:
        yield f"  … and {len(lines) - NAMES_SHOWN_MAX} more"

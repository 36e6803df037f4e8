"""The list of scenarios that have to pass: `due.txt`, one `kind scenario` a line. It only grows."""

from pathlib import Path

LIST = Path(__file__).with_name("due.txt")


def due_scenarios(path: Path = LIST) -> set[tuple[str, str]]:
    """Kind and name of each scenario that is due."""
    lines = [line.split("#")[0].split() for line in path.read_text(encoding="utf-8").splitlines()]
    return {(line[0], line[1]) for line in lines if len(line) == 2}

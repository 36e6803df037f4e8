"""How the commands of a noun are declared: what lists, details and deletions have in common."""

from sensu.flags import Flag
from sensu.sensuctl.command import Command
from sensu.sensuctl.failure import INVALID_ARGUMENTS

FORMAT = Flag("format", default="tabular", help='output format: "tabular", "yaml", "json" or "wrapped-json"')
SKIP_CONFIRM = Flag("skip-confirm", "bool", default=False, help="do not ask for confirmation")
FORCE = Flag("force", "bool", default=False, help="make the change even if it leaves nobody with all rights")
INTERACTIVE = Flag("interactive", "bool", default=False, help="ask for each value")
ALL_NAMESPACES = Flag("all-namespaces", "bool", default=False, help="list resources of all namespaces")
LIST_FLAGS = (
    Flag("chunk-size", "int", default=0, help="number of resources to fetch at a time (0: all at once)"),
    Flag("field-selector", help="only resources whose fields match, for example check.publish == true"),
    FORMAT,
    Flag("label-selector", help="only resources whose labels match, for example region == us"),
)
ONE = (1, 1)
ONE_AT_MOST = (0, 1)


_SPOKEN = {"api-key": "API key", "silenced": "silence"}
_PLURALS = {"entity": "entities"}


def singular(noun: str) -> str:
    """`a cluster role`, `an entity`."""
    spoken = _SPOKEN.get(noun) or noun.replace("-", " ")
    return f"{'an' if spoken[0] in 'aeioA' else 'a'} {spoken}"


def plural(noun: str) -> str:
    """`cluster roles`, `entities`."""
    return _PLURALS.get(noun) or f"{_SPOKEN.get(noun) or noun.replace('-', ' ')}s"


def listing(
    noun: str,
    run: str,
    *,
    namespaced: bool = True,
    more: tuple[Flag, ...] = (),
    words_max: int = 0,
    name: str = "list",
    summary: str = "",
) -> Command:
    """`sensuctl NOUN list`."""
    flags = tuple(sorted((*((ALL_NAMESPACES,) if namespaced else ()), *LIST_FLAGS, *more), key=lambda flag: flag.name))
    example = f"sensuctl {noun} {name} --format json"
    summary = summary or f"List {plural(noun)}"
    return Command(name, f"{noun} {name} [flags]", summary, run, flags, (0, words_max), example=example)


def info(
    noun: str,
    run: str,
    words: str = "[NAME]",
    count: tuple[int, int] = ONE,
    missing: str = INVALID_ARGUMENTS,
) -> Command:
    """`sensuctl NOUN info NAME`."""
    example = f"sensuctl {noun} info {_example_words(words)} --format yaml"
    usage = f"{noun} info {words} [flags]"
    return Command("info", usage, f"Show {singular(noun)}", run, (FORMAT,), count, example=example, missing=missing)


def deletion(
    noun: str,
    run: str,
    words: str = "[NAME]",
    count: tuple[int, int] = ONE,
    *,
    verb: str = "delete",
    missing: str = INVALID_ARGUMENTS,
    more: tuple[Flag, ...] = (),
) -> Command:
    """`sensuctl NOUN delete NAME`."""
    example = f"sensuctl {noun} {verb} {_example_words(words)} --skip-confirm"
    usage = f"{noun} {verb} {words} [flags]"
    return Command(
        verb,
        usage,
        f"{verb.capitalize()} {singular(noun)}",
        run,
        (SKIP_CONFIRM, *more),
        count,
        example=example,
        missing=missing,
    )


def change(
    noun: str, verb: str, run: str, words: str, count: tuple[int, int], summary: str, example: str, *flags: Flag
) -> Command:
    """`sensuctl NOUN VERB WORDS`; the example is what stands in place of the words."""
    summary = summary or f"{verb.capitalize()} {singular(noun)}"
    usage = f"{noun} {verb} {words} [flags]".replace("  ", " ")
    shown = f"sensuctl {noun} {verb} {example}".rstrip()
    return Command(verb, usage, summary, run, flags, count, example=shown)


def update(noun: str, run: str, words: str = "[NAME]") -> Command:
    """`sensuctl NOUN update NAME`, which asks for each value."""
    usage = f"{noun} update {words} [flags]"
    return Command(
        "update",
        usage,
        f"Change {singular(noun)}, one question per field",
        run,
        (),
        ONE,
        example=f"sensuctl {noun} update NAME",
    )


def _example_words(words: str) -> str:
    return " ".join(word.strip("[]").upper() for word in words.split())

"""Declares commands: what the listings, details, creations and deletions of all nouns have in common.

A command of a noun runs the method of `NOUN` in the noun's module of `tree/`, unless it names another function.
"""

from sensu.flags import Flag
from sensu.resources.kinds import by_noun
from sensu.sensuctl.command import ANY_NUMBER, Command
from sensu.sensuctl.failure import INVALID_ARGUMENTS

FORMAT = Flag("format", default="tabular", help='output format: "tabular", "yaml", "json" or "wrapped-json"')
SKIP_CONFIRM = Flag("skip-confirm", "bool", default=False, help="do not ask for confirmation")
FORCE = Flag("force", "bool", default=False, help="make the change even if no user keeps all permissions")
INTERACTIVE = Flag("interactive", "bool", default=False, help="prompt for each value")
ALL_NAMESPACES = Flag("all-namespaces", "bool", default=False, help="list resources of all namespaces")
CHUNK_SIZE = Flag("chunk-size", "int", default=0, help="number of resources to fetch at a time (0: all at once)")
FIELD_SELECTOR = Flag("field-selector", help="only resources whose fields match, for example check.publish == true")
LABEL_SELECTOR = Flag("label-selector", help="only resources whose labels match, for example region == us")
LIST_FLAGS = (CHUNK_SIZE, FIELD_SELECTOR, FORMAT, LABEL_SELECTOR)
SOURCES = Flag(
    "file",
    "strings",
    short="f",
    help="file, folder (.yml, .yaml, .json), URL, - for standard input; repeatable",
)
RECURSIVE = Flag("recursive", "bool", default=False, short="r", help="include folders within folders")
DRY_RUN = Flag("dry-run", "bool", default=False, short="d", help="only show what would be changed")
OMIT = Flag("omit", short="o", help="comma-separated types to omit")
ENV_VARS = Flag("env-vars", help="comma-separated variables, NAME=VALUE")
RUNTIME_ASSETS = Flag("runtime-assets", short="r", help="comma-separated runtime assets")
NONE = (0, 0)
ONE = (1, 1)
ONE_AT_MOST = (0, 1)
TWO = (2, 2)
SOME = (1, ANY_NUMBER)
ANY = (0, ANY_NUMBER)
TOO_MANY = "too many arguments supplied: {words}"


def singular(noun: str) -> str:
    """`a cluster role`, `an entity`."""
    kind = by_noun(noun)
    word = noun if kind is None else kind.word
    return f"{'an' if word[0] in 'aeioA' else 'a'} {word}"


def plural(noun: str) -> str:
    """`cluster roles`, `entities`."""
    kind = by_noun(noun)
    return f"{noun}s" if kind is None else kind.plural


def method(noun: str, name: str) -> str:
    """The function of a command: a method of the noun."""
    return f"tree.{noun.replace('-', '_')}:NOUN.{name}"


def listing(
    noun: str,
    *,
    run: str = "",
    namespaced: bool = True,
    more: tuple[Flag, ...] = (),
    words_max: int = 0,
    name: str = "list",
    summary: str = "",
) -> Command:
    """`sensuctl NOUN list`."""
    flags = tuple(sorted((*((ALL_NAMESPACES,) if namespaced else ()), *LIST_FLAGS, *more), key=lambda flag: flag.name))
    return Command(
        name,
        f"{noun} {name} [flags]",
        summary or f"List {plural(noun)}",
        run or method(noun, "list"),
        flags,
        (0, words_max),
        example=f"sensuctl {noun} {name} --format json",
    )


def info(
    noun: str, words: str = "[NAME]", count: tuple[int, int] = ONE, *, missing: str = INVALID_ARGUMENTS
) -> Command:
    """`sensuctl NOUN info NAME`."""
    return Command(
        "info",
        f"{noun} info {words} [flags]",
        f"Show {singular(noun)}",
        method(noun, "show"),
        (FORMAT,),
        count,
        example=f"sensuctl {noun} info {_example_words(words)} --format yaml",
        missing=missing,
    )


def deletion(
    noun: str,
    words: str = "[NAME]",
    count: tuple[int, int] = ONE,
    *,
    run: str = "",
    verb: str = "delete",
    missing: str = INVALID_ARGUMENTS,
    more: tuple[Flag, ...] = (),
) -> Command:
    """`sensuctl NOUN delete NAME`."""
    return Command(
        verb,
        f"{noun} {verb} {words} [flags]",
        f"{verb.capitalize()} {singular(noun)}",
        run or method(noun, "delete"),
        (SKIP_CONFIRM, *more),
        count,
        example=f"sensuctl {noun} {verb} {_example_words(words)} --skip-confirm",
        missing=missing,
    )


def creation(noun: str, example: str, *flags: Flag) -> Command:
    """`sensuctl NOUN create NAME`; the example is what follows `create`."""
    return change(noun, "create", method(noun, "create"), "[NAME]", ONE_AT_MOST, "", example, *flags)


def change(
    noun: str, verb: str, run: str, words: str, count: tuple[int, int], summary: str, example: str, *flags: Flag
) -> Command:
    """`sensuctl NOUN VERB WORDS`; the example is what follows the verb."""
    summary = summary or f"{verb.capitalize()} {singular(noun)}"
    usage = f"{noun} {verb} {words} [flags]".replace("  ", " ")
    shown = f"sensuctl {noun} {verb} {example}".rstrip()
    return Command(verb, usage, summary, run, flags, count, example=shown)


def update(noun: str, words: str = "[NAME]") -> Command:
    """`sensuctl NOUN update NAME`, which asks for each value."""
    summary = f"Update {singular(noun)} interactively"
    return change(noun, "update", method(noun, "update"), words, ONE, summary, "NAME")


def alone(
    usage: str,
    run: str,
    *flags: Flag,
    words: tuple[int, int] = NONE,
    configured: bool = True,
    example: str = "",
    missing: str = INVALID_ARGUMENTS,
) -> Command:
    """`sensuctl NAME`, a command without a noun; `contents.py` has its summary."""
    name = usage.partition(" ")[0]
    return Command(name, usage, "", run, flags, words, configured, example or f"sensuctl {name}", missing)


def _example_words(words: str) -> str:
    return " ".join(word.strip("[]").upper() for word in words.split())

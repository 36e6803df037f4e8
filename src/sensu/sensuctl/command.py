"""The commands of sensuctl and the context in which they run."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from sensu.flags import Flag
from sensu.sensuctl.failure import INVALID_ARGUMENTS
from sensu.terminal_text import clean

if TYPE_CHECKING:
    from sensu.sensuctl.configuration import Configuration
    from sensu.sensuctl.session import APISession

ANY_NUMBER = 1 << 16
"""More words than any command line has."""


class Command(NamedTuple):
    """A command; `run` names its function below `sensu.sensuctl` as `module:function`, imported when the command runs.

    `words` is the least and the greatest number of words that the command takes, `missing` the error for any other
    number. `surplus`, if set, is the error for too many words, with `{words}` replaced by them. `configured` says
    whether the command needs an API and credentials.
    """

    name: str
    usage: str
    summary: str
    run: str
    flags: tuple[Flag, ...] = ()
    words: tuple[int, int] = (0, 0)
    configured: bool = True
    example: str = ""
    missing: str = INVALID_ARGUMENTS
    surplus: str = ""

    @property
    def noun_and_verb(self) -> str:
        """`check delete`, `create`."""
        noun = self.noun
        return noun if noun == self.name else f"{noun} {self.name}"

    @property
    def formats(self) -> tuple[str, ...]:
        """The supported output formats, none without a --format flag."""
        if not any(flag.name == "format" for flag in self.flags):
            return ()
        return ("yaml", "wrapped-json") if self.name == "dump" else ("tabular", "yaml", "json", "wrapped-json")

    @property
    def noun(self) -> str:
        """The first word: `check` of `check delete [NAME]`."""
        return self.usage.partition(" ")[0]

    def function(self) -> Callable[["Context"], None]:
        """The function that runs the command."""
        module, _, name = self.run.partition(":")
        found: Callable[[Context], None] = attrgetter(name)(importlib.import_module(f"sensu.sensuctl.{module}"))
        return found


class Streams(NamedTuple):
    """The streams of a command."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO


class Group(NamedTuple):
    """Commands under one noun."""

    name: str
    summary: str
    commands: tuple[Command, ...] = ()


class Context:
    """One run of a command: its words and flags, the configuration, and where to read and write.

    `values` holds the flags that were given, `arguments` the whole command line after the program's name.
    """

    def __init__(
        self,
        command: Command,
        words: Sequence[str],
        values: Mapping[str, Any],
        configuration: "Configuration",
        streams: "Streams",
        *,
        argv0: str = "sensuctl",
        arguments: Sequence[str] = (),
    ) -> None:
        self.command, self.words, self.values = command, words, values
        self.configuration = configuration
        self.stdin, self.stdout, self.stderr = streams
        self.argv0, self.arguments = argv0, arguments
        self._session: APISession | None = None

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment variables."""
        return self.configuration.environment

    def flag(self, name: str) -> Any:
        """The value of a flag of the command, or its default."""
        if name in self.values:
            return self.values[name]
        return next((flag.default for flag in self.command.flags if flag.name == name), None)

    def text(self, name: str) -> str:
        """The value of a text flag, empty if it was not given."""
        return str(self.flag(name) or "")

    def given(self, name: str) -> bool:
        """Whether a flag was given."""
        return name in self.values

    @property
    def format(self) -> str:
        """The output format from the flag, the variable or the profile."""
        return str(self.values.get("format") or self.configuration.format)

    @property
    def namespace(self) -> str:
        """The namespace in which the command runs."""
        return self.configuration.namespace

    @property
    def for_people(self) -> bool:
        """Whether messages go to a terminal; scripts get the messages of the reference."""
        return self.stderr.isatty()

    @property
    def session(self) -> "APISession":
        """The logged-in connection to the API, opened on first use."""
        if self._session is None:
            from sensu.sensuctl.session import APISession  # noqa: PLC0415 - only commands that talk to an API need it

            self._session = APISession(self.configuration, warn=self.warn, force=bool(self.flag("force")))
        return self._session

    def print(self, text: str = "") -> None:
        """Write a line to standard output."""
        self.stdout.write(clean(text) + "\n")

    def say(self, text: str) -> None:
        """Write a line to standard error."""
        self.stderr.write(clean(text) + "\n")

    def warn(self, text: str) -> None:
        """Write a warning to standard error."""
        import time  # noqa: PLC0415 - warnings are rare

        from sensu.clock import SystemClock  # noqa: PLC0415

        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(SystemClock().now()))
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        self.say(f'time="{moment}" level=warning msg="{quoted}" component=cli-client')

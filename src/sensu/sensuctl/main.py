"""sensuctl: finds the command, parses its flags, runs it and prints failures in one line."""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import TextIO

from sensu.errors import ConfigurationError, SensuError
from sensu.flags import Flag, HelpAsked, UnknownFlag, parse
from sensu.sensuctl.command import Command, Context, Group, Streams
from sensu.sensuctl.configuration import GLOBAL_FLAGS, Configuration, load
from sensu.sensuctl.failure import INVALID_ARGUMENTS, BadArguments, CommandFailed, Exited
from sensu.sensuctl.tree.contents import TREE
from sensu.terminal_text import clean

EXIT_NO_COMMAND = 64
COMPLETE = "__complete"
"""The first word of command lines with which shells ask for names."""
NO_API = (
    'No API URL is defined. You can either configure an API URL by running "{argv0} configure" '
    "or by using the --api-url command line option"
)
NO_CREDENTIALS = (
    'Unable to locate credentials. You can either configure credentials by running "{argv0} configure" '
    "or by using the --api-key command line option"
)


def main() -> None:
    """The program."""
    stdin, stdout, stderr = _streams()
    try:
        status = run(sys.argv[1:], os.environ, stdin, stdout, stderr, argv0=sys.argv[0])
        stdout.flush()
    except BrokenPipeError:
        _silence(stdout)
        status = 141
    except KeyboardInterrupt:
        status = 130
    except OSError as err:  # a full disk behind standard output, say
        _silence(stdout)
        stderr.write(f"Error: {(err.strerror or str(err)).lower()}\n")
        status = 1
    sys.exit(status)


def _streams() -> Streams:
    """The standard streams; a closed one is replaced by /dev/null."""
    found = Streams(sys.stdin, sys.stdout, sys.stderr)
    if None in found:
        nothing = open(os.devnull, "r+", encoding="utf-8")  # noqa: PTH123, SIM115 - pathlib would be loaded for it
        found = Streams(*(one or nothing for one in found))
    return found


def _silence(stream: TextIO) -> None:
    """Discard buffered output."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def run(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    stdin: TextIO,
    stdout: TextIO,
    stderr: TextIO,
    *,
    argv0: str = "sensuctl",
) -> int:
    """The exit status of a command line."""
    if list(arguments[:1]) == [COMPLETE]:
        from sensu.sensuctl.completion_names import write_names  # noqa: PLC0415 - only shells ask

        return write_names(arguments[1:], environment, stdout)
    found, rest = _find(arguments)
    streams = Streams(stdin, stdout, stderr)
    program = _Program(environment, streams, argv0, arguments)
    try:
        if isinstance(found, Command):
            return program.run_command(found, rest)
        return _run_group(found, rest, environment, streams, argv0)
    except SensuError as err:
        stderr.write(f"Error: {clean(program.message(err))}\n")
        return 1


def _find(arguments: Sequence[str]) -> tuple[Command | Group | None, list[str]]:
    """The command or group of the first words and the remaining arguments; flags may come first."""
    rest, place = list(arguments), _first_word(arguments)
    if place is None or arguments[place] not in TREE:
        return None, rest
    found = TREE[rest.pop(place)]
    if isinstance(found, Group):
        place = _first_word(rest)
        for command in found.commands:
            if place is not None and command.name == rest[place]:
                rest.pop(place)
                return command, rest
    return found, rest


def _first_word(arguments: Sequence[str]) -> int | None:
    """The index of the first argument that is neither a flag nor the value of a global flag."""
    takes_value = {f"--{flag.name}" for flag in GLOBAL_FLAGS if flag.kind != "bool"}
    skip = False
    for index, argument in enumerate(arguments):
        if skip:
            skip = False
        elif argument == "--":
            return None
        elif argument.startswith("-"):
            skip = argument in takes_value
        else:
            return index
    return None


def _run_group(
    group: Group | None,
    rest: Sequence[str],
    environment: Mapping[str, str],
    streams: Streams,
    argv0: str,
) -> int:
    """Print the help of a group, or report an unknown command."""
    from sensu.sensuctl.usage import group_help, width_of  # noqa: PLC0415 - only for help

    _, stdout, stderr = streams
    place = _first_word(rest)
    if group is None and place is None and {"--version", "-v"} & set(rest):
        from sensu.sensuctl.nouns.version import version_line  # noqa: PLC0415 - only for help

        stdout.write(version_line() + "\n")
        return 0
    if group is None and place is not None and rest[place] != "help" and not {"-h", "--help"} & set(rest):
        raise CommandFailed(_unknown_command(rest[place]))
    try:
        parsed = parse(GLOBAL_FLAGS, rest)
    except HelpAsked:
        stdout.write(group_help(group, width_of(stdout)))
        return 0
    except UnknownFlag as err:
        if group is not None and place is not None:
            return _say_unknown_verb(group, [rest[place]], stderr)
        raise UnknownFlagNamed(err, GLOBAL_FLAGS) from err
    words = parsed.words
    _require_configuration(load(parsed.values, environment), argv0)
    if group is None:
        stdout.write(group_help(_group_named(words[1:]), width_of(stdout)))
        return 0
    if words[:1] == ["help"]:
        stdout.write(group_help(group, width_of(stdout)))
        return 0
    if not words:
        stderr.write(group_help(group, width_of(stderr)))
        return EXIT_NO_COMMAND
    return _say_unknown_verb(group, words, stderr)


def _unknown_command(word: str) -> str:
    return f'unknown command "{word}" for "sensuctl"{_similar(word, [*TREE])}\nRun \'sensuctl --help\' for usage.'


def _say_unknown_verb(group: Group, words: Sequence[str], stderr: TextIO) -> int:
    similar = _similar(words[0], [command.name for command in group.commands])
    text = (
        f'Error: unknown command "{" ".join(words)}" for "sensuctl {group.name}"{similar}\n'
        f"Run 'sensuctl {group.name} --help' for usage.\n"
    )
    stderr.write(clean(text))
    return EXIT_NO_COMMAND


def _group_named(words: Sequence[str]) -> Command | Group | None:
    """The command or group of `sensuctl help …`."""
    found = TREE.get(words[0]) if words else None
    if isinstance(found, Group) and len(words) > 1:
        return next((command for command in found.commands if command.name == words[1]), found)
    return found


def _similar(word: str, known: Sequence[str]) -> str:
    """Suggestions for a mistyped name, as lines of a message."""
    from sensu.rules.spelling import similar  # noqa: PLC0415 - only for typing errors

    close = similar(word, known)
    return "\n\nDid you mean this?\n" + "".join(f"\t{name}\n" for name in close) if close else ""


class UnknownFlagNamed(CommandFailed):
    """An unknown flag, with suggestions."""

    def __init__(self, err: UnknownFlag, flags: Sequence[Flag]) -> None:
        similar = _similar(err.name, [flag.name for flag in flags if not flag.hidden]).replace("\t", "\t--")
        super().__init__(f"{err}{similar}".rstrip("\n"))


class _Program:
    """Runs commands with an environment, streams and a command line."""

    def __init__(self, environment: Mapping[str, str], streams: Streams, argv0: str, arguments: Sequence[str]) -> None:
        self._environment, self._streams = environment, streams
        self._argv0, self._arguments = argv0, arguments
        self._run: Context | None = None

    def message(self, err: SensuError) -> str:
        """The message of a failure: that of the reference for scripts, a more helpful one at a terminal."""
        if not self._streams.stderr.isatty():
            return str(err)
        if self._run is None or isinstance(err, BadArguments):
            return getattr(err, "plain", "") or str(err)
        from sensu.sensuctl.remedies import explained  # noqa: PLC0415 - only for failures

        return explained(err, self._run)

    def run_command(self, command: Command, rest: Sequence[str]) -> int:
        """Run a command and return its exit status; raises SensuError if it fails."""
        context = self._context(command, rest)
        if context is None:
            return 0
        self._run = context
        try:
            if command.configured:
                _require_configuration(context.configuration, self._argv0)
            _require_format(command, context)
            _require_flags(command, context)
            _require_words(command, context.words)
            command.function()(context)
        except BadArguments as err:
            if context.for_people:
                raise _wrong_words(command, context.words, err) from err
            self._show_help(command)
            raise
        except Exited as ended:
            return ended.status
        return 0

    def _context(self, command: Command, rest: Sequence[str]) -> Context | None:
        """The context of the command, or None if help was asked for and printed."""
        own = {flag.name for flag in command.flags}
        shared = [flag for flag in GLOBAL_FLAGS if flag.name not in own]
        try:
            parsed = parse([*command.flags, *shared], rest)
        except HelpAsked:
            self._show_help(command)
            return None
        except UnknownFlag as err:
            raise UnknownFlagNamed(err, [*command.flags, *shared]) from err
        for flag in command.flags:
            if flag.hidden and flag.help and flag.name in parsed.values:
                self._streams.stderr.write(f"Flag --{flag.name} has been deprecated, {flag.help}\n")
        settings = {name: value for name, value in parsed.values.items() if name not in own}
        configuration = load(settings, self._environment)
        return Context(
            command,
            parsed.words,
            parsed.values,
            configuration,
            self._streams,
            argv0=self._argv0,
            arguments=self._arguments,
        )

    def _show_help(self, command: Command) -> None:
        from sensu.sensuctl.usage import command_help, width_of  # noqa: PLC0415 - only for help

        self._streams.stdout.write(command_help(command, width_of(self._streams.stdout)))


def _require_configuration(configuration: Configuration, argv0: str) -> None:
    if not configuration.api_url:
        raise ConfigurationError(NO_API.format(argv0=argv0))
    if not configuration.api_key and not configuration.cluster.access_token:
        raise ConfigurationError(NO_CREDENTIALS.format(argv0=argv0))


def _require_flags(command: Command, context: Context) -> None:
    missing = sorted(flag.name for flag in command.flags if flag.required and not context.given(flag.name))
    if missing and not context.flag("interactive"):
        names = ", ".join(f'"{name}"' for name in missing)
        raise CommandFailed(f"required flag(s) {names} not set")


def _require_format(command: Command, context: Context) -> None:
    """Raise CommandFailed for an unknown format at a terminal; scripts get a table, as in the reference."""
    choices = command.formats
    asked = context.given("format") or "format" in context.configuration.over
    if not choices or not asked or not context.for_people or context.given("types"):
        return
    if context.format not in choices:
        raise CommandFailed(f'unknown format "{context.format}": use {", ".join(choices[:-1])} or {choices[-1]}')


def _wrong_words(command: Command, words: Sequence[str], err: BadArguments) -> CommandFailed:
    """The failure for wrong words, with the usage in one line."""
    least, most = command.words
    if len(words) > most:
        extra = words[most:]
        problem = f"unexpected {'argument' if len(extra) == 1 else 'arguments'}: {' '.join(extra)}"
    elif len(words) < least:
        problem = "an argument is missing" if str(err) == INVALID_ARGUMENTS else str(err)
    else:
        problem = err.plain or str(err)
    help_line = f"Run 'sensuctl {command.noun_and_verb} --help' for more."
    return CommandFailed(f"{problem}\nUsage: sensuctl {command.usage}\n{help_line}")


def _require_words(command: Command, words: Sequence[str]) -> None:
    least, most = command.words
    if len(words) > most and command.surplus:
        raise BadArguments(command.surplus.format(words=", ".join(words)))
    if not least <= len(words) <= most:
        raise BadArguments(command.missing)


if __name__ == "__main__":
    main()

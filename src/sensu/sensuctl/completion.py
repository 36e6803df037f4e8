"""`sensuctl completion`: scripts that complete command lines."""

from collections.abc import Iterator

from sensu.flags import Flag
from sensu.sensuctl.command import Command, Context, Group
from sensu.sensuctl.completion_names import NAMESPACE_FLAG, kind_wanted
from sensu.sensuctl.configuration import GLOBAL_FLAGS
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.output import FORMATS
from sensu.sensuctl.tree.contents import TREE
from sensu.sensuctl.type_names import ALL, NAMED

SHELLS = ("bash", "zsh", "fish")
TAKE_TYPES = ("describe-type", "dump", "edit", "prune")
CHOICES = {"format": FORMATS, "color": ("always", "auto", "never"), "shell": ("bash", "cmd", "powershell")}
"""The values of flags with a fixed set of values."""
HINT = "Run 'sensuctl completion --help' for usage."


def write_script(context: Context) -> None:
    """`sensuctl completion SHELL`."""
    if not context.words:
        from sensu.sensuctl.usage import command_help  # noqa: PLC0415 - only for help

        context.stdout.write(command_help(context.command))
        return
    makers = {"bash": _bash, "zsh": _zsh, "fish": _fish}
    shell = context.words[0]
    maker = makers.get(shell)
    if maker is None:
        raise CommandFailed(f'unknown shell: "{shell}"\n{HINT}')
    context.stdout.write(maker())


def _flag_words(command: Command | None) -> list[str]:
    own = [f"--{flag.name}" for flag in command.flags if not flag.hidden] if command else []
    return sorted({*own, *(f"--{flag.name}" for flag in GLOBAL_FLAGS), "--help"})


def _commands() -> Iterator[tuple[str, Command]]:
    for name, found in sorted(TREE.items()):
        if isinstance(found, Command):
            yield name, found
        else:
            yield from ((f"{name} {command.name}", command) for command in found.commands)


def _lines() -> Iterator[tuple[str, list[str]]]:
    """The words that may follow each prefix of a command line, such as `check list`."""
    yield "", sorted(TREE)
    for name, found in sorted(TREE.items()):
        if not isinstance(found, Command):
            yield name, [command.name for command in found.commands]
    yield from ((name, _flag_words(command)) for name, command in _commands())


def _flags_with_values() -> list[str]:
    """The flags that take a value, in both forms."""
    flags = [*GLOBAL_FLAGS, *(flag for _, command in _commands() for flag in command.flags)]
    taking = [flag for flag in flags if flag.kind != "bool"]
    plain = {f"-{flag.short}" for flag in flags if flag.short and flag.kind == "bool"}
    return sorted({f"--{flag.name}" for flag in taking} | {f"-{flag.short}" for flag in taking if flag.short} - plain)


def _words_of(name: str) -> list[str]:
    """The words that a command takes, if they are a fixed set."""
    if name == "completion":
        return list(SHELLS)
    return [ALL, *(kind.short_name for kind in NAMED)] if name in TAKE_TYPES else []


def _cases(form: str) -> str:
    """The branches of a shell's `case` on the words so far; flags only after a dash."""
    lines = []
    for key, words in _lines():
        if words[:1] and words[0].startswith("--"):
            known = " ".join(_words_of(key))
            lines.append(form.format(_pattern(key, "flag"), " ".join(words)))
            words = known.split()
        if words:
            lines.append(form.format(_pattern(key, "word"), " ".join(words)))
    return "\n".join(lines)


def _pattern(key: str, kind: str) -> str:
    """The pattern of the words so far; a command without a noun may be followed by any word."""
    alone = f'"{key}/{kind}"'
    return f'{alone}|"{key} "*"/{kind}"' if isinstance(TREE.get(key), Command) else alone


def _named_commands() -> list[str]:
    """The commands that take the name of a resource."""
    nouns = ((name, found) for name, found in sorted(TREE.items()) if isinstance(found, Group))
    return [
        f"{name} {command.name}"
        for name, found in nouns
        for command in found.commands
        if kind_wanted(name, command.name)
    ]


def _named_pattern() -> str:
    """The pattern of the commands before a name, in the form of `_cases`."""
    return "|".join([*(f'"{name}/word"' for name in _named_commands()), '"edit "*/word'])


def _value_cases(form: str) -> str:
    return "\n".join(form.format(f"--{name}", " ".join(values)) for name, values in CHOICES.items())


def _bash() -> str:
    return f"""# bash completion for sensuctl
_sensuctl() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" previous="" path="" words="" kind=word at count=0 name
  local -a typed=()
  [ "$current" = "=" ] && current=""
  for ((at = 1; at < COMP_CWORD; at++)); do
    [ "${{COMP_WORDS[at]}}" = "=" ] && continue
    typed+=("${{COMP_WORDS[at]}}")
    case "$previous" in
      {"|".join(_flags_with_values())}) previous=""; continue ;;
    esac
    previous="${{COMP_WORDS[at]}}"
    case "$previous" in
      -*) ;;
      *) ((count++ < 2)) && path="${{path:+$path }}$previous" ;;
    esac
  done
  case "$previous" in
{_value_cases('    {0}) words="{1}" ;;')}
    {NAMESPACE_FLAG}) kind=name ;;
    {"|".join(_flags_with_values())}) words="" kind=value ;;
  esac
  if [ -z "$words" ] && [ "$kind" = word ]; then
    [ "${{current:0:1}}" = - ] && kind=flag
    case "$path/$kind" in
      {_named_pattern()}) kind=name ;;
    esac
    case "$path/$kind" in
{_cases('      {0}) words="{1}" ;;')}
    esac
  fi
  COMPREPLY=()
  if [ "$kind" = name ]; then
    while IFS= read -r name; do
      case "$name" in
        "$current"*) COMPREPLY+=("$name") ;;
      esac
    done < <("${{COMP_WORDS[0]}}" __complete "${{typed[@]}}" 2>/dev/null)
    return 0
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [ -z "$words" ] && COMPREPLY=($(compgen -f -- "$current"))
  return 0
}}
complete -o filenames -F _sensuctl sensuctl
"""


def _zsh() -> str:
    return f"""#compdef sensuctl
_sensuctl() {{
  local -a candidates typed
  local word previous="" kind=word
  for word in "${{(@)words[2,CURRENT-1]}}"; do
    case "$previous" in
      {"|".join(_flags_with_values())}) previous=""; continue ;;
    esac
    previous="$word"
    [[ "$word" == -* ]] || typed+=("$word")
  done
  case "$previous" in
{_value_cases("    {0}) candidates=({1}) ;;")}
    {NAMESPACE_FLAG}) kind=name ;;
    {"|".join(_flags_with_values())}) kind=value ;;
  esac
  [[ "$kind" == word && "${{words[CURRENT]}}" == -* ]] && kind=flag
  if (( ! ${{#candidates}} )); then
    case "${{typed[1,2]}}/$kind" in
      {_named_pattern()}) kind=name ;;
    esac
    case "${{typed[1,2]}}/$kind" in
{_cases("      {0}) candidates=({1}) ;;")}
    esac
  fi
  if [[ "$kind" == name ]]; then
    candidates=("${{(@f)$("${{words[1]}}" __complete "${{(@)words[2,CURRENT-1]}}" 2>/dev/null)}}")
    compadd -a candidates
    return
  fi
  compadd -a candidates || _files
}}
compdef _sensuctl sensuctl
"""


_FISH_NAMES = (
    "function __sensuctl_names",
    "  set -l typed (commandline -opc)",
    "  $typed[1] __complete $typed[2..-1] 2>/dev/null",
    "end",
    "function __sensuctl_namespaces",
    "  set -l typed (commandline -opc)",
    f"  $typed[1] __complete (string match -v -- {NAMESPACE_FLAG} $typed[2..-1]) {NAMESPACE_FLAG} 2>/dev/null",
    "end",
)


def _fish() -> str:
    lines = ["# fish completion for sensuctl", *_FISH_NAMES]
    for name, found in sorted(TREE.items()):
        lines.append(f"complete -c sensuctl -f -n __fish_use_subcommand -a {name} -d '{_quoted(found.summary)}'")
        commands = [found] if isinstance(found, Command) else found.commands
        for command in commands:
            condition = f"__fish_seen_subcommand_from {name}"
            if command is not found:
                verbs = " ".join(other.name for other in commands)
                free = f"{condition}; and not __fish_seen_subcommand_from {verbs}"
                shown = f"complete -c sensuctl -f -n '{free}' -a {command.name} -d '{_quoted(command.summary)}'"
                lines.append(shown)
                condition = f"{condition}; and __fish_seen_subcommand_from {command.name}"
            elif _words_of(name):
                lines.append(f"complete -c sensuctl -f -n '{condition}' -a '{' '.join(_words_of(name))}'")
            if command.name == "edit" or kind_wanted(name, command.name):
                lines.append(f"complete -c sensuctl -f -n '{condition}' -a '(__sensuctl_names)'")
            lines += [_fish_flag(flag, f" -n '{condition}'") for flag in command.flags if not flag.hidden]
    return "\n".join([*lines, *(_fish_flag(flag, "") for flag in GLOBAL_FLAGS)]) + "\n"


def _fish_flag(flag: Flag, condition: str) -> str:
    short = f" -s {flag.short}" if flag.short else ""
    value = "" if flag.kind == "bool" else " -r"
    if flag.name == "namespace":
        names = "-r -f -a '(__sensuctl_namespaces)'"
        return f"complete -c sensuctl{condition} -l namespace {names} -d '{_quoted(flag.help)}'"
    choices = f" -f -a '{' '.join(CHOICES[flag.name])}'" if flag.name in CHOICES else ""
    return f"complete -c sensuctl{condition} -l {flag.name}{short}{value}{choices} -d '{_quoted(flag.help)}'"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")

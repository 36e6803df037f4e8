"""`sensuctl completion`: scripts that complete command lines."""

from collections.abc import Iterator

from sensu.sensuctl.command import Command, CommandFailed, Context
from sensu.sensuctl.configuration import GLOBAL_FLAGS
from sensu.sensuctl.tree import TREE

HINT = "Run 'sensuctl completion --help' for usage."


def write_script(context: Context) -> None:
    """`sensuctl completion SHELL`."""
    if not context.words:
        from sensu.sensuctl.usage import command_help  # noqa: PLC0415 - only for who asks

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


def _lines() -> Iterator[tuple[str, list[str]]]:
    """What may follow each beginning of a command line, which is a key like `check list`."""
    yield "", sorted(TREE)
    for name, found in sorted(TREE.items()):
        if isinstance(found, Command):
            yield name, _flag_words(found)
            continue
        yield name, [command.name for command in found.commands]
        for command in found.commands:
            yield f"{name} {command.name}", _flag_words(command)


def _bash() -> str:
    cases = "\n".join(f'    "{key}") words="{" ".join(words)}" ;;' for key, words in _lines())
    return f"""# bash completion for sensuctl
_sensuctl() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" path="" words="" at
  for ((at = 1; at < COMP_CWORD; at++)); do
    case "${{COMP_WORDS[at]}}" in
      -*) ;;
      *) [ "$(wc -w <<<"$path")" -lt 2 ] && path="${{path:+$path }}${{COMP_WORDS[at]}}" ;;
    esac
  done
  case "$path" in
{cases}
  esac
  if [ -z "$words" ]; then
    path="${{path%% *}}"
    case "$path" in
{cases}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [ ${{#COMPREPLY[@]}} -eq 0 ] && COMPREPLY=($(compgen -f -- "$current"))
}}
complete -o filenames -F _sensuctl sensuctl
"""


def _zsh() -> str:
    cases = "\n".join(f'    "{key}") candidates=({" ".join(words)}) ;;' for key, words in _lines())
    return f"""#compdef sensuctl
_sensuctl() {{
  local -a candidates typed
  local word
  for word in "${{(@)words[2,CURRENT-1]}}"; do
    [[ "$word" == -* ]] || typed+=("$word")
  done
  case "${{typed[1,2]}}" in
{cases}
    *) candidates=() ;;
  esac
  compadd -a candidates || _files
}}
compdef _sensuctl sensuctl
"""


def _fish() -> str:
    lines = ["# fish completion for sensuctl", "complete -c sensuctl -f"]
    for name, found in sorted(TREE.items()):
        lines.append(f"complete -c sensuctl -n __fish_use_subcommand -a {name} -d '{_quoted(found.summary)}'")
        commands = [found] if isinstance(found, Command) else found.commands
        for command in commands:
            condition = f"__fish_seen_subcommand_from {name}"
            if command is not found:
                shown = f"complete -c sensuctl -n '{condition}' -a {command.name} -d '{_quoted(command.summary)}'"
                lines.append(shown)
                condition = f"{condition}; and __fish_seen_subcommand_from {command.name}"
            lines += [
                f"complete -c sensuctl -n '{condition}' -l {flag.name} -d '{_quoted(flag.help)}'"
                for flag in command.flags
                if not flag.hidden
            ]
    lines += [f"complete -c sensuctl -l {flag.name} -d '{_quoted(flag.help)}'" for flag in GLOBAL_FLAGS]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return text.replace("'", "\\'")

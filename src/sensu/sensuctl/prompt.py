"""Prompts at a terminal."""

from collections.abc import Sequence

from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import CommandFailed
from sensu.terminal_text import clean

YES = ("y", "yes", "true")


def ask(context: Context, question: str, suggestion: str = "") -> str:
    """The answer, or the suggestion if it is empty; raises CommandFailed at the end of the input."""
    shown = f" ({suggestion})" if suggestion else ""
    context.stdout.write(clean(f"? {question}{shown} "))
    context.stdout.flush()
    line = context.stdin.readline()
    if not line:
        context.stdout.write("\n")
        raise CommandFailed("EOF")
    return line.strip() or suggestion


def ask_secret(context: Context, question: str) -> str:
    """The answer, not shown while it is typed."""
    if not context.stdin.isatty():
        return ask(context, question)
    import getpass  # noqa: PLC0415 - only at a terminal

    return getpass.getpass(f"? {question} ", stream=context.stdout)


def ask_new_secret(context: Context, question: str) -> str:
    """A secret, which must be typed twice."""
    first = ask_secret(context, question)
    if ask_secret(context, "Retype password:") != first:
        raise CommandFailed("Password confirmation doesn't match the password")
    return first


def choose(context: Context, question: str, choices: Sequence[str], suggestion: str = "") -> str:
    """One of the choices; the question is repeated until the answer is valid."""
    while True:
        answer = ask(context, f"{question} [{'/'.join(choices)}]", suggestion or choices[0])
        if answer in choices:
            return answer
        context.print(f"  {answer!r} is none of {', '.join(choices)}")


def agree(context: Context, question: str) -> bool:
    """Whether the answer at a terminal is yes; always no without a terminal.

    Source: recorded sensuctl sessions (api-key-forms: an answer that is piped in does not count).
    """
    context.stdout.write(clean(f"? {question} (y/N) "))
    context.stdout.flush()
    if not context.stdin.isatty():
        context.print()
        return False
    return context.stdin.readline().strip().lower() in YES


def confirm(context: Context, deed: str) -> bool:
    """Whether --skip-confirm was given or the answer is yes; otherwise `Canceled` is printed."""
    if context.flag("skip-confirm") or agree(context, f"Are you sure you would like to {deed}?"):
        return True
    context.print("Canceled")
    return False

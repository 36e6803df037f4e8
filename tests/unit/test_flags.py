"""Command lines as the reference's programs read them."""

import pytest

from sensu.errors import ConfigurationError
from sensu.flags import Flag, HelpAsked, parse

FLAGS = (
    Flag("interval", "int", short="i"),
    Flag("publish", "bool", short="p"),
    Flag("stdin", "bool", short="s"),
    Flag("file", "strings", short="f"),
    Flag("labels", "map"),
    Flag("timeout", "duration"),
    Flag("wait", "seconds"),
)


@pytest.mark.parametrize(
    ("line", "values", "words"),
    [
        ("a --interval 5 b", {"interval": 5}, ["a", "b"]),
        ("--interval=5", {"interval": 5}, []),
        ("-i5 x", {"interval": 5}, ["x"]),
        ("-i=5", {"interval": 5}, []),
        ("-i 5", {"interval": 5}, []),
        ("--publish name", {"publish": True}, ["name"]),
        ("--publish=false name", {"publish": False}, ["name"]),
        ("-ps name", {"publish": True, "stdin": True}, ["name"]),
        ("-psf a.yml", {"publish": True, "stdin": True, "file": ["a.yml"]}, []),
        ("-f a,b -f c", {"file": ["a", "b", "c"]}, []),
        ("--labels a=1 --labels b=2=3", {"labels": {"a": "1", "b": "2=3"}}, []),
        ('-f "a,b",c', {"file": ["a,b", "c"]}, []),
        ("--labels a=b,c", {"labels": {"a": "b,c"}}, []),
        ('--labels "a=1,2",b=3', {"labels": {"a": "1,2", "b": "3"}}, []),
        ("--timeout 1m30s --wait 2.5", {"timeout": 90.0, "wait": 2.5}, []),
        ("-- --interval", {}, ["--interval"]),
        ("-", {}, ["-"]),
    ],
)
def test_flags_stand_anywhere_in_every_spelling(line: str, values: dict[str, object], words: list[str]) -> None:
    """A flag is understood wherever it stands and however its value is attached."""
    found = parse(FLAGS, line.split())
    assert (found.values, found.words) == (values, words)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--nosuch", "unknown flag: --nosuch"),
        ("-x", "unknown shorthand flag: 'x' in -x"),
        ("--interval", "flag needs an argument: --interval"),
        ("-i", "flag needs an argument: 'i' in -i"),
        ("-i abc", 'invalid argument "abc" for "-i, --interval" flag: strconv.ParseInt: parsing "abc": invalid syntax'),
        ("--publish=maybe", 'invalid argument "maybe" for "-p, --publish" flag: strconv.ParseBool: parsing "maybe": '),
        ("--labels a", 'invalid argument "a" for "--labels" flag: a must be formatted as key=value'),
        ('-f "ab', 'invalid argument ""ab" for "-f, --file" flag: double quotes must enclose a whole item'),
        ("--timeout 5", 'invalid argument "5" for "--timeout" flag: time: missing unit in duration "5"'),
    ],
)
def test_a_bad_flag_is_named_with_its_rule(line: str, message: str) -> None:
    """Whoever mistypes a flag reads which one it is and what it takes."""
    with pytest.raises(ConfigurationError) as raised:
        parse(FLAGS, line.split())
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize("line", ["--help", "x -h", "-ph"])
def test_help_is_asked_for_by_any_command(line: str) -> None:
    """--help and -h are understood without being declared."""
    with pytest.raises(HelpAsked):
        parse(FLAGS, line.split())

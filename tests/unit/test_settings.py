"""Settings from flags, variables and a file."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from sensu.errors import ConfigurationError
from sensu.settings import HelpText, load, option


@dataclass(frozen=True)
class Sample:
    """The settings of a small program."""

    config_file: str = option("path to the configuration file", "/nonexistent/default.yml", short="c")
    name: str = option("its name", "n0", aliases=("id",))
    port: int = option("its port", 80)
    quiet: bool = option("say less", False)
    urls: tuple[str, ...] = option("where to go", ())
    labels: dict[str, str] = option("what it is", {})
    wait: float = option("how long", 1.0, kind="duration")


def read(line: str = "", environment: dict[str, str] | None = None, retired: frozenset[str] = frozenset()) -> Sample:
    return load(Sample, line.split(), environment or {}, prefix="APP", usage="app start", retired=retired)


def write(folder: Path, text: str) -> Path:
    file = folder / "app.yml"
    file.write_text(text)
    return file


def test_a_flag_wins_over_a_variable_over_the_file_over_the_default(tmp_path: Path) -> None:
    """Each source is heard only where no stronger one speaks."""
    file = write(tmp_path, "name: file\nport: 1\nwait: 5s\n")
    found = read(f"--config-file {file} --name flag", {"APP_NAME": "variable", "APP_PORT": "2"})
    assert (found.name, found.port, found.wait, found.quiet) == ("flag", 2, 5.0, False)


def test_every_kind_of_value_is_read_from_every_source(tmp_path: Path) -> None:
    """Lists, maps, truth values and durations mean the same on the command line, in a variable and in the file."""
    file = write(tmp_path, "urls: [a, b]\nlabels: {Key: v}\nquiet: true\nwait: 90\n")
    from_file = read(f"-c {file}")
    from_line = read("--urls a,b --labels Key=v --quiet --wait 1m30s")
    from_variables = read("", {"APP_URLS": "a b", "APP_LABELS": '{"Key": "v"}', "APP_QUIET": "true", "APP_WAIT": "90"})
    assert from_line == from_variables
    assert from_file.labels == {"key": "v"}  # keys in files are lower-cased, as the reference does
    assert (from_file.urls, from_file.quiet, from_file.wait) == (from_line.urls, True, 90.0)


def test_aliases_and_retired_flags_are_understood() -> None:
    """An older name still sets the value, and a flag without effect harms nothing."""
    found = read("--id x --etcd-name default --etcd-debug", retired=frozenset({"etcd-name", "etcd-debug"}))
    assert found.name == "x"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("port: [1]\n", "port: must be a int"),
        ("port: abc\n", 'invalid argument "abc" for config file'),
        ("- a\n", "must hold keys and values"),
        ("a: [\n", "line 2: not valid YAML"),
    ],
)
def test_a_bad_file_is_named_with_the_key_or_line(tmp_path: Path, text: str, message: str) -> None:
    """Whoever mistypes a file reads where in it the mistake is."""
    with pytest.raises(ConfigurationError, match="config file") as raised:
        read(f"-c {write(tmp_path, text)}")
    assert message in str(raised.value)


def test_a_missing_file_matters_only_where_it_was_asked_for() -> None:
    """Without the default file a program starts; without a file that was named it does not."""
    assert read().name == "n0"
    with pytest.raises(ConfigurationError, match="no such file"):
        read("-c /nonexistent/named.yml")


def test_a_word_that_is_no_flag_is_refused() -> None:
    """A stray word is a mistake, not a setting."""
    with pytest.raises(ConfigurationError, match='unknown argument "extra"'):
        read("extra")


def test_help_shows_every_flag_with_its_default() -> None:
    """--help lists the flags, what they are for and what they are without being given."""
    with pytest.raises(HelpText) as raised:
        read("--help")
    assert "--port int\n          its port (default 80)" in str(raised.value)

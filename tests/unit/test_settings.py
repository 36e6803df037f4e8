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


def remarks(line: str, environment: dict[str, str] | None = None) -> list[str]:
    """What a start says about entries that it ignores."""
    said: list[str] = []
    retired, elsewhere = frozenset({"etcd-name", "etcd-peers"}), frozenset({"admin"})
    load(
        Sample,
        line.split(),
        environment or {},
        prefix="APP",
        usage="app start",
        retired=retired,
        elsewhere=elsewhere,
        remark=said.append,
    )
    return said


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
        ("port: [1]\n", "port: must be a whole number"),
        ("name: [a]\n", "name: must be a single value"),
        ("port: abc\n", 'invalid argument "abc" for config file'),
        ("- a\n", "must hold keys and values"),
        ("a: [\n", "line 2: not valid YAML"),
        ("wait: 1:30\n", 'invalid argument "1:30" for config file'),
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


def test_every_entry_that_is_ignored_is_named_at_the_start(tmp_path: Path) -> None:
    """Unknown keys are named with the key that was meant, and settings without effect wherever they are given."""
    file = write(tmp_path, "nmae: x\nzzz: 1\netcd-peers: [a]\nadmin: me\nport: 1\nName: y\n")
    assert remarks(f"-c {file} --etcd-name e", {"APP_ETCD_PEERS": "b"}) == [
        f"unknown: nmae (did you mean name?), zzz; in config file {file}",
        "without effect here: etcd-name, etcd-peers",
    ]


def test_nothing_is_said_about_a_file_of_which_every_entry_counts(tmp_path: Path) -> None:
    """A start with settings that all have an effect is silent."""
    assert remarks(f"-c {write(tmp_path, 'name: x')} --port 2", {"APP_QUIET": "true"}) == []


def test_many_unknown_keys_are_counted(tmp_path: Path) -> None:
    """A file of something else altogether does not flood the log."""
    [line] = remarks(f"-c {write(tmp_path, ''.join(f'q{number}: 1' + chr(10) for number in range(60)))}")
    assert " and 10 more; in config file" in line


def test_the_first_of_several_documents_counts(tmp_path: Path) -> None:
    """Further documents are not read, even if they are no YAML, and a remark says so."""
    for second in ("name: b", "a: ["):
        file = write(tmp_path, f"name: a\n---\n{second}\n")
        assert read(f"-c {file}").name == "a"
        assert remarks(f"-c {file}") == [f"config file {file}: only its first document is read"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_files_in_every_unicode_encoding_are_read(tmp_path: Path, encoding: str) -> None:
    """A file from a Windows editor or shell, with a byte order mark, is read like any other."""
    file = tmp_path / "app.yml"
    file.write_bytes("name: käfer\r\nport: 81\r\n".encode(encoding))
    assert (read(f"-c {file}").name, read(f"-c {file}").port) == ("käfer", 81)


def test_a_file_in_another_encoding_is_refused_with_the_remedy(tmp_path: Path) -> None:
    """A Latin-1 file is not read as something else."""
    file = tmp_path / "app.yml"
    file.write_bytes("name: käfer".encode("latin-1"))
    with pytest.raises(ConfigurationError, match="not valid UTF-8 text; save it as UTF-8"):
        read(f"-c {file}")


def test_keys_of_a_file_are_known_in_any_case(tmp_path: Path) -> None:
    """The case of a key does not matter, that of an older name neither."""
    found = read(f"-c {write(tmp_path, 'ID: x' + chr(10) + 'Labels: {A: b}' + chr(10) + 'URLs: [c]')}")
    assert (found.name, found.labels, found.urls) == ("x", {"a": "b"}, ("c",))


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("22:00", "22:00"),
        ("190:20:30", "190:20:30"),
        ("52:54:00:12:34:56", "52:54:00:12:34:56"),
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
        ("2026-01-02", "2026-01-02"),
        ("true", "true"),
        ("Yes", "true"),
        ("off", "false"),
        ("y", "y"),
        ("=", "="),
        ("~", ""),
        ("", ""),
        ("{room: b12}", ""),
        ("[a, b]", ""),
        ("0755", "493"),
        ("0x1F", "31"),
        ("1_000", "1000"),
        ("1.10", "1.1"),
        ("2.0", "2"),
        ("1e3", "1e3"),
        ("08", "08"),
        (".inf", ".inf"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("'22:00'", "22:00"),
        ('"off"', "off"),
        ("'0755'", "0755"),
        ("!!str off", "off"),
        ("!!int 0755", "493"),
        ("'~'", "~"),
    ],
)
def test_a_value_in_a_file_is_the_text_that_its_author_wrote(tmp_path: Path, written: str, text: str) -> None:
    """Labels are what the file says: quoted values to the letter, others by the reference's rules for YAML."""
    assert read(f"-c {write(tmp_path, 'labels: {k: ' + written + '}')}").labels == {"k": text}


@pytest.mark.parametrize(
    ("written", "items"),
    [
        ("[yes, 0x1F, '0x1F', a b, ~, {x: y}]", ("true", "31", "0x1F", "a b")),
        ("one two", ("one", "two")),
        ("one,two", ("one", "two")),
        ("'one two'", ("one", "two")),
        ("yes", ("true",)),
        ("22:00", ("22:00",)),
    ],
)
def test_a_list_in_a_file_is_a_sequence_or_words(tmp_path: Path, written: str, items: tuple[str, ...]) -> None:
    """A single text is split at blanks and commas; the items of a sequence are taken as they are."""
    assert read(f"-c {write(tmp_path, 'urls: ' + written)}").urls == items


def test_truth_values_and_numbers_may_be_written_as_yaml_allows(tmp_path: Path) -> None:
    """`on` and `y` are true, `0x50` is 80, and null leaves the default."""
    found = read(f"-c {write(tmp_path, 'quiet: on' + chr(10) + 'port: 0x50' + chr(10) + 'name: ~')}")
    assert (found.quiet, found.port, found.name) == (True, 80, "n0")
    assert read(f"-c {write(tmp_path, 'quiet: y')}").quiet
    with pytest.raises(ConfigurationError, match="quiet"):
        read(f"-c {write(tmp_path, 'quiet: maybe')}")


def test_a_json_file_is_read(tmp_path: Path) -> None:
    """JSON is YAML, indented with tabs too."""
    file = write(tmp_path, '{\n\t"name": "off",\n\t"labels": {"a": "0755", "b": 0.50, "c": true, "d": null}\n}\n')
    found = read(f"-c {file}")
    assert (found.name, found.labels) == ("off", {"a": "0755", "b": "0.5", "c": "true", "d": ""})

"""What a person reads at a terminal, where scripts get the words of the reference."""

import contextlib
import http.server
import io
import json
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sensu.sensuctl.main import run
from tests.cli.conftest import PASSWORD, USER, Ended, Sensuctl, Terminal

CHECK = "type: CheckConfig\nmetadata: {name: web-latency}\n"
SPEC = "spec: {command: check-http --url https://example.com/health --timeout 5, interval: 60, subscriptions: [web]"


@pytest.fixture(scope="module")
def terminal(sensuctl: Sensuctl, api_url: str, tmp_path_factory: pytest.TempPathFactory) -> Sensuctl:
    """Runs command lines at a terminal of 80 columns, against a backend with a check that a pipeline handles."""
    pipelines = "pipelines: [{type: Pipeline, api_version: core/v2, name: incidents}]"
    assert sensuctl("create", stdin=f"{CHECK}{SPEC}, publish: true, {pipelines}}}\n").status == 0
    home = tmp_path_factory.mktemp("terminal")

    def play(*words: str, stdin: str = "", **environment: str) -> Ended:
        out, err = Terminal(), Terminal()
        variables = {"HOME": str(home), "PATH": os.environ["PATH"], "NO_COLOR": "1", "COLUMNS": "80", **environment}
        status = run(words, variables, Terminal(stdin), out, err)
        return Ended(status, out.getvalue(), err.getvalue())

    assert play("configure", "-n", "--url", api_url, "--username", USER, "--password", PASSWORD).status == 0
    return play


MISTAKES = {
    "check list --fromat json": "unknown flag: --fromat\n\nDid you mean this?\n\t--format",
    "check list --format xml": 'unknown format "xml": use tabular, yaml, json or wrapped-json',
    "dump checks --format json": 'unknown format "json": use yaml or wrapped-json',
    "config set-format xml": 'unknown format "xml": use tabular, yaml, wrapped-json or json',
    "check list --namespace nope": "the namespace nope does not exist",
    "check list --namespace defautl": 'the namespace defautl does not exist; did you mean "default"?',
    "check list --namespace nope --format json": "the namespace nope does not exist",
    "check info nope": 'check "nope" in namespace "default" does not exist',
    "check info web-latancy": 'check "web-latancy" in namespace "default" does not exist; did you mean "web-latency"?',
    "check delete nope --skip-confirm": 'check "nope" in namespace "default" does not exist',
    "check set-interval nope 5": 'check "nope" in namespace "default" does not exist',
    "check info nope --namespace nope": "the namespace nope does not exist",
    "cluster-role info nope": 'cluster role "nope" does not exist',
    "silenced info nope": 'silence "nope" in namespace "default" does not exist',
    "edit handler nope": 'handler "nope" in namespace "default" does not exist',
    "event info host disk": 'event of entity "host" and check "disk" in namespace "default" does not exist',
    "check create web-latency -c x -s s -i 5": (
        "check \"web-latency\" in namespace \"default\" already exists; 'sensuctl create --file' and 'sensuctl apply' "
        "replace it"
    ),
    "check list a b": "unexpected arguments: a b\nUsage: sensuctl check list [flags]\n"
    "Run 'sensuctl check list --help' for more.",
    "check info a b": "unexpected argument: b\nUsage: sensuctl check info [ID] [flags]\n"
    "Run 'sensuctl check info --help' for more.",
    "check info": "an argument is missing\nUsage: sensuctl check info [ID] [flags]\n"
    "Run 'sensuctl check info --help' for more.",
    "role create": "a name is required\nUsage: sensuctl role create [NAME] --verb=VERBS --resource=RESOURCES "
    "[--resource-name=RESOURCE_NAMES] [flags]\nRun 'sensuctl role create --help' for more.",
    "handler create h --type notfy": 'unknown handler type: notfy; did you mean "notify"?\n'
    "Usage: sensuctl handler create [NAME] [flags]\nRun 'sensuctl handler create --help' for more.",
    "quickstart htpp http://a": 'unknown template "htpp"; did you mean "http"?',
    "dump chekcs": 'invalid resource type: chekcs; did you mean "checks"?',
    "check list --api-url http://127.0.0.1:9": 'Get "http://127.0.0.1:9/api/core/v2/namespaces/default/checks": dial '
    "tcp 127.0.0.1:9: connect: connection refused\nIs the backend running, and are host and port right? The API "
    "usually listens on port 8080, agents connect to port 8081.",
    "check list --api-url 10.0.0.1:8080": 'Get "10.0.0.1:8080/api/core/v2/namespaces/default/checks": unsupported '
    'protocol scheme ""\nA URL begins with http:// or https://: did you mean http://10.0.0.1:8080?',
    "user test-creds admin --password wrong": "the user name or password is wrong, or the user is disabled",
    "delete": "specify the resources with --file FILE or on standard input",
}


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_is_explained_with_its_remedy(terminal: Sensuctl, line: str) -> None:
    """A person learns what is wrong, of which resource, in which namespace, and what to do; help does not hide it."""
    ended = terminal(*line.split())
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.removeprefix("Error: ") == MISTAKES[line] + "\n"


def test_a_person_who_logged_in_reads_what_to_do_next(terminal: Sensuctl, api_url: str) -> None:
    """Who is logged in where, and two commands to go on with."""
    ended = terminal("configure", "-n", "--url", api_url, "--username", USER, "--password", PASSWORD)
    assert ended.err == (
        f"You are logged in as {USER} at {api_url}, namespace default.\n"
        "Next: sensuctl event list shows what happens, sensuctl quickstart watches something new.\n"
    )


class LateAPI(http.server.BaseHTTPRequestHandler):
    """Refuses everybody, with a clock that is years behind."""

    def do_GET(self) -> None:
        self.send_response(401)
        self.end_headers()
        self.wfile.write(b'{"message": "invalid credentials", "code": 5}')

    def date_time_string(self, timestamp: float | None = None) -> str:
        return "Sat, 01 Jan 2000 00:00:00 GMT"

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_a_clock_that_differs_is_named_when_credentials_are_refused(tmp_path: Path) -> None:
    """Tokens depend on clocks, so a person reads by how much they differ, and what to do."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), LateAPI) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        folder = tmp_path / ".config" / "sensu" / "sensuctl"
        folder.mkdir(parents=True)
        url = f"http://127.0.0.1:{server.server_port}"
        (folder / "cluster").write_text(json.dumps({"api-url": url, "access_token": "x", "expires_at": 2**33}))
        out, err = Terminal(), Terminal()
        assert run(["check", "info", "a"], {"HOME": str(tmp_path)}, Terminal(), out, err) == 1
        server.shutdown()
    assert "log in again with 'sensuctl configure'" in err.getvalue()
    assert re.search(r"the backend's clock is \d+ s behind: set both by NTP", err.getvalue())


@pytest.mark.parametrize("line", ["federation list --format yaml", "nosuch --format yaml", "chekc list --format x"])
def test_the_command_is_looked_at_before_its_flags(terminal: Sensuctl, line: str) -> None:
    """An unknown command is not blamed on a flag that it would have."""
    ended = terminal(*line.split())
    assert ended.status == 1
    assert ended.err.startswith(f'Error: unknown command "{line.split()[0]}" for "sensuctl"\n')


@pytest.mark.parametrize("line", ["--version", "-v"])
def test_the_version_is_shown_as_by_other_programs(tmp_path: Path, line: str) -> None:
    """Nothing has to be configured to know the version."""
    out, err = io.StringIO(), io.StringIO()
    assert run([line], {"HOME": str(tmp_path)}, io.StringIO(), out, err) == 0
    assert out.getvalue().startswith("sensuctl version ")


def test_an_empty_list_says_so(terminal: Sensuctl, sensuctl: Sensuctl) -> None:
    """A person reads what there is none of, a script the titles that it knows."""
    assert terminal("mutator", "list").out == "No mutators in namespace default\n"
    assert terminal("silenced", "list", "--all-namespaces").out == "No silences in any namespace\n"
    assert terminal("check", "list", "--field-selector", "check.name == x").out == (
        "No checks that match the selector in namespace default\n"
    )
    assert sensuctl("mutator", "list").out.split("\n")[0].split()[0] == "Name"


def test_lists_fit_the_terminal_and_are_whole_elsewhere(terminal: Sensuctl, sensuctl: Sensuctl) -> None:
    """No row of a terminal wraps; --wide and pipes get everything, and pipes no column that scripts do not know."""
    for columns in (80, 120, 200):
        lines = terminal("check", "list", COLUMNS=str(columns)).out.splitlines()
        assert max(map(len, lines)) <= columns
        assert "web-latency" in lines[2]
    titles = terminal("check", "list").out.splitlines()[0]
    assert "Pipelin" in titles
    assert "incidents" in terminal("check", "list", "--wide").out
    assert "incidents" in sensuctl("check", "list", "--wide").out
    piped = sensuctl("check", "list").out
    assert "Pipelines" not in piped
    assert "check-http --url https://example.com/health --timeout 5" in piped


def test_what_handles_a_check_is_part_of_its_details(sensuctl: Sensuctl, terminal: Sensuctl) -> None:
    """`check info` names the pipelines of a check."""
    assert "Pipelines:         incidents\n" in terminal("check", "info", "web-latency").out
    assert "Pipelines:         incidents\n" in sensuctl("check", "info", "web-latency").out


def test_what_was_stored_is_said_at_a_terminal(terminal: Sensuctl, sensuctl: Sensuctl) -> None:
    """Success is not silence, and a check that nobody publishes is named; scripts read nothing, as ever."""
    idle = f"{CHECK.replace('web-latency', 'idle')}{SPEC}}}\n"
    assert terminal("create", stdin=idle).err.splitlines() == [
        "reading standard input, end with Ctrl-D",
        "created or replaced: CheckConfig default/idle",
        "note: check idle does not run until published: set 'publish: true' in the spec",
    ]
    assert sensuctl("create", stdin=idle) == (0, "", "")
    assert sensuctl("check", "delete", "idle", "--skip-confirm").status == 0


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"\n{CHECK}{SPEC}, intervall: 5}}\n", 'warning: json: unknown field "intervall"; did you mean "interval"?'),
        (
            f"\n{CHECK}{SPEC}}}\n".replace("CheckConfig", "CheckConfg"),
            'not be found: "CheckConfg"; did you mean "CheckConfig"?',
        ),
    ],
)
def test_a_mistyped_field_or_type_is_found(terminal: Sensuctl, tmp_path: Path, text: str, problem: str) -> None:
    """File, line, and what was perhaps meant."""
    path = tmp_path / "x.yml"
    path.write_text(text)
    err = terminal("create", "-f", str(path)).err
    assert f"resource 0 ({path}, line 2): " in err
    assert problem in err


def test_a_resource_without_a_name_is_found(terminal: Sensuctl, tmp_path: Path) -> None:
    """The cause is in the file, not in an answer of the API; nothing is sent."""
    path = tmp_path / "x.yml"
    named, nameless = CHECK.replace("web-latency", "first"), CHECK.replace("name: web-latency", "")
    path.write_text(f"{named}{SPEC}}}\n---\n{nameless}{SPEC}}}\n")
    ended = terminal("create", "-f", str(path))
    assert (ended.status, ended.err) == (1, f"Error: in {path}, line 5: CheckConfig has no name\n")
    assert terminal("check", "info", "first").status == 1


def test_a_wrong_password_and_an_ended_session_name_the_way_back(api_url: str, tmp_path: Path) -> None:
    """A person learns that logging in helps."""

    def play(*words: str) -> str:
        err = Terminal()
        run(words, {"HOME": str(tmp_path)}, Terminal(), io.StringIO(), err)
        return err.getvalue()

    wrong = play("configure", "-n", "--url", api_url, "--username", USER, "--password", "wrong")
    assert wrong == "Error: the user name or password is wrong, or the user is disabled\n"
    assert play("configure", "-n", "--url", api_url, "--username", USER, "--password", PASSWORD).startswith("You are")
    cluster = tmp_path / ".config/sensu/sensuctl/cluster"
    content = json.loads(cluster.read_text())
    for changed in ({"refresh_token": ""}, {"refresh_token": "stale"}):
        cluster.write_text(json.dumps({**content, "expires_at": 1, **changed}))
        ended = "Error: your session has ended: log in again with 'sensuctl configure'\n"
        assert play("check", "list") == ended


def test_an_empty_password_is_tried(api_url: str, tmp_path: Path) -> None:
    """An empty value that was given is a value: the API decides, as with the reference."""
    err = io.StringIO()
    words = ["configure", "-n", "--url", api_url, "--username", USER, "--password", ""]
    assert run(words, {"HOME": str(tmp_path)}, io.StringIO(), io.StringIO(), err) == 1
    assert err.getvalue().startswith("\nError: unable to authenticate with error: Unauthorized")


@contextlib.contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """The URL of a server that gives one answer to everything."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "remedy"),
    [
        (404, b"404 page not found\n", "agents connect to port 8081"),
        (400, b"Client sent an HTTP request to an HTTPS server.\n", "https://"),
    ],
)
def test_another_port_than_the_apis_is_recognised(tmp_path: Path, status: int, body: bytes, remedy: str) -> None:
    """The agents' port, or an API with TLS, is told from a wrong password."""
    with answering(status, body) as url:
        err = Terminal()
        words = ["configure", "-n", "--url", url, "--username", USER, "--password", "x"]
        assert run(words, {"HOME": str(tmp_path)}, Terminal(), io.StringIO(), err) == 1
    assert remedy in err.getvalue()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("check list", "this is not the URL of a Sensu API: 404 page not found\nThe API usually listens on port 8080"),
        ("handler info mail", "this is not the URL of a Sensu API: 404 page not found\nThe API usually listens on"),
        ("secret list", "this backend does not serve secrets (secrets/v1): 404 page not found"),
    ],
)
def test_a_path_that_a_server_does_not_serve_is_no_missing_resource(tmp_path: Path, line: str, message: str) -> None:
    """The agents' port, and a backend of another edition or version, are named as such."""
    with answering(404, b"404 page not found\n") as url:
        err = Terminal()
        words = [*line.split(), "--api-url", url, "--api-key", "00000000-0000-0000-0000-000000000000"]
        assert run(words, {"HOME": str(tmp_path)}, Terminal(), Terminal(), err) == 1
    assert f"Error: {message}" in err.getvalue()


def test_help_wraps_at_the_width_of_the_terminal(terminal: Sensuctl) -> None:
    """No line of help is broken within a word, and commands are grouped by what they are for."""
    for words in (("--help",), ("check", "--help"), ("event", "list", "--help"), ("create", "--help")):
        lines = terminal(*words).out.splitlines()
        usage = [line for line in lines if line.startswith(("Usage:", "  sensuctl"))]
        assert max(len(line) for line in lines if line not in usage) <= 80
    text = terminal("--help").out
    assert "\nMonitoring as code:\n  create " in text
    assert re.search(r"\n  check +Manage checks\n", text)


def test_tessen_does_not_claim_to_report(terminal: Sensuctl) -> None:
    """Whoever reads that nobody opted out also reads that nothing is sent."""
    assert "Nothing is ever reported" in terminal("tessen", "info").err


def test_types_that_all_leaves_out_have_a_reason(terminal: Sensuctl) -> None:
    """What is in no dump is listed with why."""
    err = terminal("describe-type", "all").err
    assert "  secrets/v1.Env: a type of secrets/v1.Provider\n" in err
    assert "  core/v3.EntityConfig: the configured part of core/v2.Entity\n" in err


def test_a_type_of_the_commercial_edition_is_not_taken_for_a_typo(terminal: Sensuctl) -> None:
    """Whoever brings a file from there learns that the type is not in this product."""
    found = terminal("create", stdin="type: GCPProvider\napi_version: secrets/v1\nmetadata: {name: v}\nspec: {}\n")
    assert "not a type of this product; it may be one of Sensu Go's commercial edition" in found.err

"""Clients of different workers see one backend: what one worker answered holds at all of them at once."""

import http.client
import itertools
import json
import threading
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from sensu.testing.backend_process import PASSWORD, USER, BackendProcess
from tests.workers.world import NAMESPACE, PATIENCE_S, WORKERS, Client, event_of

T = TypeVar("T")
POSTS = 60
GONE = 401


def check(name: str, **more: object) -> dict[str, object]:
    config = {"command": "true", "interval": 60, "subscriptions": ["linux"], "publish": False}
    return {"metadata": {"name": name, "namespace": "default"}, **config, **more}


def at_once(actions: Sequence[Callable[[], T]]) -> list[T]:
    """What the actions return, begun at the same time."""
    start = threading.Barrier(len(actions))

    def act(action: Callable[[], T]) -> T:
        start.wait()
        return action()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(act, actions))


def test_a_log_in_holds_at_all_workers_and_so_does_a_log_out(each: Sequence[Client]) -> None:
    """The token of a log-in opens every worker at once, and none once its log-out was answered."""
    for first in each * 5:
        tokens = first.tokens()
        token = f"Bearer {tokens['access_token']}"
        assert [client.ask("GET", f"{NAMESPACE}/checks", authorization=token)[0] for client in each] == [200] * 3
        refreshing = {"refresh_token": tokens["refresh_token"]}
        assert first.ask("POST", "/auth/logout", refreshing, authorization=token)[0] < 300
        assert [c.ask("GET", f"{NAMESPACE}/checks", authorization=token)[0] for c in each] == [GONE] * WORKERS


def test_a_browser_that_signed_in_at_one_worker_is_known_to_all(
    backend: BackendProcess, each: Sequence[Client]
) -> None:
    """A session cookie opens the web UI's port of every worker, also for what another worker must answer."""
    event = event_of("browsed", "http")
    assert each[0].ask("PUT", f"{NAMESPACE}/events/browsed/http", event)[0] == 201
    origin = {"Origin": backend.web_url, "Content-Type": "application/json"}
    first, *others = web_connections(backend)
    body = json.dumps({"username": USER, "password": PASSWORD})
    first.request("POST", "/auth/session", body, origin)
    answer = first.getresponse()
    answer.read()
    cookie = answer.headers["Set-Cookie"].partition(";")[0]
    for browser in others:
        for path in ("checks", "events/browsed/http", "events/browsed/http/explain"):
            browser.request("GET", f"{NAMESPACE}/{path}", headers={"Cookie": cookie})
            answer = browser.getresponse()
            answer.read()
            assert answer.status == 200, path
    first.request("DELETE", "/auth/session", headers={"Cookie": cookie, **origin})
    assert first.getresponse().read() == b""
    for browser in others:
        browser.request("GET", f"{NAMESPACE}/checks", headers={"Cookie": cookie})
        answer = browser.getresponse()
        answer.read()
        assert answer.status == GONE
    for browser in (first, *others):
        browser.close()


def web_connections(backend: BackendProcess) -> list[http.client.HTTPConnection]:
    """Connections to the web UI's port, enough to reach every worker."""
    return [http.client.HTTPConnection("127.0.0.1", backend.web_port, timeout=PATIENCE_S) for _ in range(10 * WORKERS)]


def test_a_disabled_user_is_out_everywhere(each: Sequence[Client]) -> None:
    """Once the answer came that a user is disabled, its tokens and its password open no worker."""
    for turn, first in enumerate(each * 3):
        name = f"user{turn}"
        user = {"username": name, "password": "P@ssw0rd!", "groups": ["cluster-admins"]}
        assert first.ask("PUT", f"/api/core/v2/users/{name}", user)[0] == 201
        tokens = [client.log_in(name) for client in each]
        assert all(tokens)
        assert all(c.ask("GET", "/api/core/v2/users", authorization=t)[0] == 200 for c in each for t in tokens)
        assert each[(turn + 1) % WORKERS].ask("DELETE", f"/api/core/v2/users/{name}")[0] == 204
        assert {c.ask("GET", "/api/core/v2/users", authorization=t)[0] for c in each for t in tokens} == {GONE}
        assert [client.log_in(name) for client in each] == [""] * WORKERS


def test_rights_and_keys_hold_everywhere(each: Sequence[Client]) -> None:
    """A binding or API key that one worker stores opens the others at once, and closes them when it is deleted."""
    first, second, third = each
    first.ask(
        "PUT", "/api/core/v2/users/viewer", {"username": "viewer", "password": "P@ssw0rd!", "groups": ["viewers"]}
    )
    token = second.log_in("viewer")
    binding = {
        "metadata": {"name": "viewers"},
        "subjects": [{"type": "Group", "name": "viewers"}],
        "role_ref": {"type": "ClusterRole", "name": "view"},
    }
    for _ in range(20):
        assert third.ask("GET", f"{NAMESPACE}/checks", authorization=token)[0] == 403
        assert first.ask("PUT", "/api/core/v2/clusterrolebindings/viewers", binding)[0] == 201
        assert third.ask("GET", f"{NAMESPACE}/checks", authorization=token)[0] == 200
        assert second.ask("DELETE", "/api/core/v2/clusterrolebindings/viewers")[0] == 204


def test_a_new_namespace_is_there_for_events_everywhere(each: Sequence[Client]) -> None:
    """A namespace that one worker made takes events at the others at once."""
    for turn in range(9):
        name = f"team{turn}"
        assert each[turn % 3].ask("POST", "/api/core/v2/namespaces", {"name": name})[0] == 201
        event = event_of("router", "ping")
        event["entity"]["metadata"]["namespace"] = event["check"]["metadata"]["namespace"] = name
        url = f"/api/core/v2/namespaces/{name}/events"
        assert [client.ask("POST", url, event)[0] for client in each] == [201] * WORKERS


def test_one_of_many_creates_a_resource(each: Sequence[Client]) -> None:
    """Of clients that create the same check at different workers at the same time, one succeeds."""
    for turn in range(20):
        body = check(f"once{turn}")
        creating = [partial(client.ask, "POST", f"{NAMESPACE}/checks", body) for client in each]
        assert sorted(status for status, _ in at_once(creating)) == [201, 409, 409]


def test_no_patch_is_lost(each: Sequence[Client]) -> None:
    """Patches of different parts of a check at different workers all show in the end."""
    each[0].put("checks/patched", check("patched"))

    def patch(number: int, client: Client) -> None:
        for turn in range(20):
            body = {"metadata": {"labels": {f"l{number}": str(turn)}}}
            status, _ = client.ask(
                "PATCH", f"{NAMESPACE}/checks/patched", body, Content_Type="application/merge-patch+json"
            )
            while status == 412:
                status, _ = client.ask(
                    "PATCH", f"{NAMESPACE}/checks/patched", body, Content_Type="application/merge-patch+json"
                )
            assert status == 200

    at_once([partial(patch, number, client) for number, client in enumerate(each)])
    labels = each[0].ask("GET", f"{NAMESPACE}/checks/patched")[1]["metadata"]["labels"]
    assert labels == {"l0": "19", "l1": "19", "l2": "19"}


def test_occurrences_are_exact_however_posts_mix(each: Sequence[Client]) -> None:
    """Clients that report the same check of the same entity at different workers make one history."""
    for turn in range(4):
        entity = f"router{turn}"

        def post(client: Client, entity: str = entity) -> None:
            for _ in range(POSTS):
                status, answer = client.ask("POST", f"{NAMESPACE}/events", event_of(entity, "ping", 2))
                assert status == 201, answer

        at_once([partial(post, client) for client in each])
        stored = each[0].ask("GET", f"{NAMESPACE}/events/{entity}/ping")[1]
        assert stored["check"]["occurrences"] == stored["check"]["occurrences_watermark"] == POSTS * WORKERS
        assert len(stored["check"]["history"]) == 21


def test_an_event_is_deleted_from_anywhere(each: Sequence[Client]) -> None:
    """An event that came in at one worker is deleted at another, and its state with it."""
    for turn, (first, second) in enumerate(itertools.permutations(each, 2)):
        place = f"{NAMESPACE}/events/gone{turn}/ping"
        for _ in range(3):
            assert first.ask("POST", f"{NAMESPACE}/events", event_of(f"gone{turn}", "ping", 1))[0] == 201
        assert second.ask("DELETE", place)[0] == 204
        assert first.ask("GET", place)[0] == second.ask("DELETE", place)[0] == 404
        assert second.ask("POST", f"{NAMESPACE}/events", event_of(f"gone{turn}", "ping", 1))[0] == 201
        assert first.ask("GET", place)[1]["check"]["occurrences"] == 1


def test_the_audit_log_tells_each_change_from_what_it_replaced(each: Sequence[Client]) -> None:
    """However replacements at different workers mix, the entries of a check form one chain."""

    def replace(number: int, client: Client) -> None:
        for turn in range(20):
            client.put("checks/audited", check("audited", command=f"echo {number} {turn}"))

    at_once([partial(replace, number, client) for number, client in enumerate(each)])
    status, entries = each[1].ask("GET", "/api/sensu/v1/audit")
    assert status == 200, entries
    chain = [entry for entry in reversed(entries) if entry.get("name") == "audited"]
    assert len(chain) == 60
    commands = [(entry.get("before", {}).get("command"), entry["after"]["command"]) for entry in chain]
    assert [before for before, _ in commands[1:]] == [after for _, after in commands[:-1]]


def test_numbers_are_those_of_all_workers(each: Sequence[Client]) -> None:
    """Whichever worker is asked for metrics, the events of all of them are counted."""

    def processed(client: Client) -> float:
        lines = client.ask("GET", "/metrics")[1].splitlines()
        values = [line for line in lines if line.startswith("sensu_go_events_processed{") and "success" in line]
        return sum(float(line.split()[-1]) for line in values)

    before = processed(each[0])
    for number in range(30):
        event = event_of(f"counted{number}", "ping")
        assert each[number % WORKERS].ask("POST", f"{NAMESPACE}/events", event)[0] == 201
    assert [processed(client) - before for client in each] == [30.0] * WORKERS


def test_what_one_worker_knows_any_tells(each: Sequence[Client]) -> None:
    """Why a check runs, and what became of an event, is answered the same by every worker."""
    each[0].put("checks/scheduled", check("scheduled", publish=True, interval=1))
    answers = [client.ask("GET", "/api/sensu/v1/namespaces/default/checks/scheduled/explain") for client in each]
    assert {status for status, _ in answers} == {200}
    assert {answer["since"] for _, answer in answers} == {answers[0][1]["since"]}
    each[0].ask("DELETE", f"{NAMESPACE}/checks/scheduled")
    event = event_of(f"told-{uuid.uuid4()}", "ping", 1, handlers=["nobody"])
    assert each[0].ask("POST", f"{NAMESPACE}/events", event)[0] == 201
    place = f"{NAMESPACE}/events/{event['entity']['metadata']['name']}/ping/explain"
    assert {client.ask("GET", place)[0] for client in each} == {200}


def test_a_namespace_is_deleted_only_while_it_is_empty(each: Sequence[Client]) -> None:
    """Of a check that is made at one worker and the end of its namespace at another, one happens."""
    creator, remover, third = each
    for turn in range(20):
        name = f"brief{turn}"
        assert third.ask("POST", "/api/core/v2/namespaces", {"name": name})[0] == 201
        body = check("first")
        body["metadata"] = {"name": "first", "namespace": name}
        url = f"/api/core/v2/namespaces/{name}"
        creating = partial(creator.ask, "POST", f"{url}/checks", body)
        outcomes = at_once([creating, partial(remover.ask, "DELETE", url)])
        made, gone = (status < 300 for status, _ in outcomes)
        assert made != gone, outcomes
        assert third.ask("GET", f"{url}/checks/first")[0] == (200 if made else 404)

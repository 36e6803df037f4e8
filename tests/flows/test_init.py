"""`sensu-backend init` on databases that nobody has open and on those of running backends."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sensu.backend.api.cluster import Members
from sensu.backend.api.status import health_json
from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Via, identity_of, principal_of
from sensu.backend.auth.passwords import Passwords
from sensu.backend.init_command import opened_to_operators, run_init
from sensu.backend.initialise import AGENT_PASSWORD, API_KEY_VARIABLE, PASSWORD_VARIABLE, USERNAME_VARIABLE
from sensu.backend.membership import ALONE, NoPeers, Ownership
from sensu.backend.operator_socket import SOCKET
from sensu.backend.process import opened_store
from sensu.backend.settings import BackendSettings, InitSettings
from sensu.backend.stored_form import delete, put
from sensu.clock import Clock, SystemClock
from sensu.errors import ConfigurationError, StoreError
from sensu.resources.kinds import ALL_KINDS, API_KEY, CLUSTER_ROLE, CLUSTER_ROLE_BINDING, NAMESPACE, USER
from sensu.resources.metadata import ObjectMeta
from sensu.resources.role import ClusterRole
from sensu.resources.role_binding import ClusterRoleBinding, RoleRef, Subject
from sensu.resources.user import User
from sensu.store.contract import Store
from sensu.store.resource_cache import ResourceCache
from sensu.store.values import Key
from tests.faults.agent_process import until

PASSWORD = "correct horse"
UUID = "3f0d4b6e-1111-4c57-9d3a-8d6b0f0e7f11"


def settings(folder: Path, **more: Any) -> InitSettings:
    given = {"cluster_admin_username": "root", "cluster_admin_password": PASSWORD, "state_dir": str(folder), **more}
    return InitSettings(config_file=str(folder / "none.yml"), **given)


class HastyClock(SystemClock):
    """A clock on which each pause is over at once, and counts in full."""

    paused_s = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.paused_s

    async def sleep(self, seconds: float) -> None:
        self.paused_s += seconds
        await super().sleep(0.001)


async def init(folder: Path, clock: Clock | None = None, **more: Any) -> int:
    """Run `init` in another thread, since it starts an event loop of its own."""
    return await asyncio.to_thread(run_init, settings(folder, **more), opened_store, clock or SystemClock())


@contextlib.asynccontextmanager
async def running_backend(folder: Path, ownership: Ownership = ALONE) -> AsyncIterator[Store]:
    """What of a backend `init` meets: the open store and the socket."""
    read = BackendSettings(state_dir=str(folder))
    async with opened_store(read) as store, opened_to_operators(read, store, SystemClock(), ownership):
        yield store


async def is_admin(store: Store, username: str, password: str) -> bool:
    """Whether a user can log in with a password and do everything."""
    cache = ResourceCache(store)
    await cache.load(
        kind for kind in ALL_KINDS if kind.qualified_name.startswith("core/v2") and kind.segment != "events"
    )
    passwords = Passwords(SystemClock())
    try:
        user: User | None = cache.get(USER, "", username)
        if user is None or user.disabled or not await passwords.verify(username, password, user.password_hash):
            return False
        return Access(cache).allows(identity_of(principal_of(user), Via.BASIC), "delete", "users", name="x")
    finally:
        passwords.close()
        cache.close()


async def holds(folder: Path, question: Callable[[Store], Any]) -> Any:
    async with opened_store(BackendSettings(state_dir=str(folder))) as store:
        return await question(store)


@contextlib.asynccontextmanager
async def backend(folder: Path) -> AsyncIterator[tuple[Store, Callable[..., Awaitable[int]]]]:
    """The store of a running backend, and what runs `init` next to it in another thread."""
    async with asyncio.timeout(60), running_backend(folder) as store:

        async def other(**more: Any) -> int:
            return await init(folder, **more)

        yield store, other


async def test_init_says_what_it_made_and_what_comes_next(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The output names the database, the administrator and the commands to go on with; the second init ends with 3."""
    folder = tmp_path / "a folder"
    assert await init(folder, cluster_admin_api_key=UUID) == 0
    said = capsys.readouterr().out.splitlines()
    assert said == [
        f"initialised {folder}/sensu.db: administrator root, with an API key",
        f"next: sensu-backend start --config-file '{folder}/none.yml' --state-dir '{folder}'",
        "then: sensuctl configure --url http://localhost:8080 --username root",
    ]
    assert await holds(folder, lambda store: is_admin(store, "root", PASSWORD))
    assert await holds(folder, lambda store: is_admin(store, "agent", AGENT_PASSWORD)) is False
    assert await init(folder) == 3
    assert await init(folder, ignore_already_initialized=True) == 0
    assert capsys.readouterr().err.splitlines() == ["already initialized"] * 2


async def test_init_works_while_the_backend_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The backend that has the state folder open initialises its own database; the second init ends with 3."""
    async with backend(tmp_path) as (store, other):
        assert (tmp_path / SOCKET).stat().st_mode & 0o777 == 0o600
        assert await other(cluster_admin_api_key=UUID) == 0
        assert "(by the running backend)" in capsys.readouterr().out
        assert await is_admin(store, "root", PASSWORD)
        assert await other(cluster_admin_username="second") == 3
        assert not await is_admin(store, "second", PASSWORD)
    assert not (tmp_path / SOCKET).exists()


async def test_a_long_path_is_no_hindrance(tmp_path: Path) -> None:
    """A running backend is reached in a state folder whose path is longer than an address may be."""
    folder = tmp_path / ("long" * 30)

    async with backend(folder) as (store, other):
        assert await other() == 0
        assert await is_admin(store, "root", PASSWORD)


async def test_a_socket_that_was_left_behind_is_replaced(tmp_path: Path) -> None:
    """After a crash the next backend listens in the place of the one that ended."""
    (tmp_path / SOCKET).touch()

    async with backend(tmp_path) as (store, other):
        assert await other() == 0


async def test_the_key_of_init_names_its_author(tmp_path: Path) -> None:
    """The API key that init makes says who created it, as every other does."""
    await init(tmp_path, cluster_admin_api_key=UUID)
    stored = await holds(tmp_path, lambda store: store.get(Key(API_KEY.qualified_name, "", UUID)))
    assert msgspec.json.decode(stored.body)["metadata"]["created_by"] == "root"


async def test_nothing_is_left_behind_by_an_init_that_cannot_go_on(tmp_path: Path) -> None:
    """Missing or weak credentials are refused before any file is made."""
    folder = tmp_path / "state"
    for wrong, says in (
        ({"cluster_admin_password": ""}, "SENSU_BACKEND_CLUSTER_ADMIN_PASSWORD"),
        ({"cluster_admin_username": ""}, "SENSU_BACKEND_CLUSTER_ADMIN_USERNAME"),
        ({"cluster_admin_password": "short"}, "8 characters"),
        ({"interactive": True}, "standard input ended"),
    ):
        with pytest.raises(ConfigurationError, match=says):
            await init(folder, **wrong)
        assert not folder.exists()


async def test_a_folder_whose_owner_does_not_answer(tmp_path: Path) -> None:
    """Init gives up after --timeout where the owner of the folder has no socket, and says what to do."""
    async with opened_store(BackendSettings(state_dir=str(tmp_path))):
        with pytest.raises(StoreError, match=r"in use .* which does not answer: try again, or stop that backend first"):
            await init(tmp_path, HastyClock(), timeout=5)


async def test_init_waits_until_it_is_answered(tmp_path: Path) -> None:
    """With --wait, init goes on trying beyond --timeout, until a backend answers or the folder is free."""
    async with opened_store(BackendSettings(state_dir=str(tmp_path))):
        clock = HastyClock()
        waiting = asyncio.create_task(init(tmp_path, clock, timeout=5, wait=True))
        await until(lambda: clock.paused_s > 15)
        assert not waiting.done()
    assert await waiting == 0


def lock_out_binding(store: Store) -> Any:
    binding = ClusterRoleBinding(
        metadata=ObjectMeta(name="cluster-admin"),
        subjects=(Subject(type="Group", name="Cluster_Admins"),),
        role_ref=RoleRef(type="ClusterRole", name="cluster-admin"),
    )
    return store.commit([put(CLUSTER_ROLE_BINDING, binding)])


def lock_out_role(store: Store) -> Any:
    return store.commit([put(CLUSTER_ROLE, ClusterRole(metadata=ObjectMeta(name="cluster-admin")))])


def lock_out_user(store: Store) -> Any:
    return store.commit([put(USER, User(username="root", password_hash="x", disabled=True))])


def lock_out_all(store: Store) -> Any:
    gone = [delete(USER, "", "root"), delete(CLUSTER_ROLE, "", "cluster-admin"), delete(NAMESPACE, "", "default")]
    return store.commit([*gone, delete(CLUSTER_ROLE_BINDING, "", "cluster-admin")])


@pytest.mark.parametrize("lock_out", [lock_out_binding, lock_out_role, lock_out_user, lock_out_all])
@pytest.mark.parametrize("username", ["root", "rescuer"])
async def test_an_administrator_is_brought_back(
    tmp_path: Path, lock_out: Callable[[Store], Any], username: str
) -> None:
    """Whatever took their rights from the administrators, --reset-admin gives a user all rights and a new password."""
    await init(tmp_path)
    await holds(tmp_path, lock_out)
    assert not await holds(tmp_path, lambda store: is_admin(store, "root", PASSWORD))
    new = {"cluster_admin_username": username, "cluster_admin_password": "new password"}
    assert await init(tmp_path, **new, reset_admin=True) == 0
    assert await holds(tmp_path, lambda store: is_admin(store, username, "new password"))


async def test_an_administrator_is_brought_back_while_the_backend_runs(tmp_path: Path) -> None:
    """--reset-admin works through the running backend, keeps other subjects of the binding, and is audited."""
    await init(tmp_path)
    async with backend(tmp_path) as (store, other):
        await lock_out_binding(store)
        assert await other(cluster_admin_password="new password", reset_admin=True) == 0
        assert await is_admin(store, "root", "new password")
        binding = await store.get(Key(CLUSTER_ROLE_BINDING.qualified_name, "", "cluster-admin"))
        assert binding is not None
        assert [s["name"] for s in msgspec.json.decode(binding.body)["subjects"]] == [
            "Cluster_Admins",
            "cluster-admins",
        ]
        [entry] = await store.audit(1)
        assert msgspec.json.decode(entry.body)["username"] == "sensu-backend init --reset-admin"
        assert b"new password" not in entry.body


async def test_there_is_nobody_to_bring_back_in_a_new_database(tmp_path: Path) -> None:
    """--reset-admin on a database that was never initialised is refused."""
    with pytest.raises(ConfigurationError, match="not initialised"):
        await init(tmp_path, reset_admin=True)


async def test_a_backend_initialises_itself_from_its_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A start with the administrator's variables seeds an empty database; it changes no other, and logs no secret."""
    monkeypatch.setenv(USERNAME_VARIABLE, "root")
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)
    monkeypatch.setenv(API_KEY_VARIABLE, UUID)

    async with running_backend(tmp_path) as store:
        assert await is_admin(store, "root", PASSWORD)
        assert await store.get(Key(API_KEY.qualified_name, "", UUID)) is not None
        await store.commit([delete(NAMESPACE, "", "default")])
    monkeypatch.setenv(PASSWORD_VARIABLE, "another password")
    async with running_backend(tmp_path) as store:
        assert await is_admin(store, "root", PASSWORD)
        assert await store.get(Key(NAMESPACE.qualified_name, "", "default")) is None
    assert PASSWORD not in caplog.text
    assert UUID not in caplog.text
    monkeypatch.setenv(PASSWORD_VARIABLE, "short")
    with pytest.raises(ConfigurationError, match=f"{PASSWORD_VARIABLE}: the password must be at least 8"):
        async with running_backend(tmp_path / "other"):
            pass


async def test_the_log_of_a_backend_without_administrator_says_how_to_make_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The command in the log is complete: it names the state folder, quoted for the shell."""
    folder = tmp_path / "a folder"

    async with backend(folder) as (store, other):
        assert f"run sensu-backend init --interactive --state-dir '{folder}'" in caplog.text


async def test_health_says_that_a_database_was_never_initialised(tmp_path: Path) -> None:
    """The health of a backend that nobody can log in to names the remedy; once there is an administrator it is good."""
    async with backend(tmp_path) as (store, other):
        members = Members(UUID)
        before = msgspec.json.decode(await health_json(store, members, NoPeers()))["ClusterHealth"][0]
        assert (before["Healthy"], "run sensu-backend init" in before["Err"]) == (False, True)
        assert await other() == 0
        after = msgspec.json.decode(await health_json(store, members, NoPeers()))["ClusterHealth"][0]
        assert (after["Healthy"], after["Err"]) == (True, "")

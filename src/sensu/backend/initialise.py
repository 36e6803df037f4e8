"""Initialises a database with the first administrator and default resources, or sets up a new administrator.

Source: docs, "Backend reference", initialization; spec BE-02, BE-03.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from sensu.backend.auth.passwords import hash_password
from sensu.backend.auth.seeds import ADMINS_BINDING, reset_writes, seed_writes
from sensu.backend.settings import ENVIRONMENT_PREFIX
from sensu.backend.stored_form import key_of
from sensu.errors import ConfigurationError
from sensu.resources.kinds import CLUSTER_ROLE_BINDING, NAMESPACE, USER
from sensu.resources.role_binding import ClusterRoleBinding
from sensu.resources.user import User
from sensu.resources.wire import Wire, decode, encode
from sensu.rules.audit import AuditRecord
from sensu.store.contract import Store
from sensu.store.values import AppendAudit, Refused

AGENT_PASSWORD = "P@ssw0rd!"  # noqa: S105 - the documented default of agents
PASSWORD_CHARACTERS_MIN = 8
USERNAME_VARIABLE = f"{ENVIRONMENT_PREFIX}_CLUSTER_ADMIN_USERNAME"
PASSWORD_VARIABLE = f"{ENVIRONMENT_PREFIX}_CLUSTER_ADMIN_PASSWORD"
API_KEY_VARIABLE = f"{ENVIRONMENT_PREFIX}_CLUSTER_ADMIN_API_KEY"


@dataclass(frozen=True)
class Administrator:
    """The user that gets all permissions; `api_key` may be empty. Never logged."""

    username: str
    password: str
    api_key: str = ""


class InitAction(Enum):
    """Whether to initialise a database or to set up an administrator."""

    INITIALISE = "initialise"
    RESET = "reset"


class InitOutcome(Enum):
    """The outcome of an order."""

    DONE = "done"
    ALREADY_INITIALISED = "already initialised"
    NOT_INITIALISED = "not initialised"


class InitOrder(Wire, frozen=True):
    """An action with hashed credentials, as it is sent to a running backend."""

    action: str = ""
    username: str = ""
    password_hash: str = ""
    agent_password_hash: str = ""
    api_key: str = ""


def administrator_of(username: str, password: str, api_key: str) -> Administrator:
    """The administrator with these credentials; raises ConfigurationError."""
    if not username or not password:
        raise ConfigurationError(
            "both --cluster-admin-username and --cluster-admin-password are required:"
            f" set {USERNAME_VARIABLE} and {PASSWORD_VARIABLE}, or use --interactive"
        )
    if len(password) < PASSWORD_CHARACTERS_MIN:
        raise ConfigurationError(f"the password must be at least {PASSWORD_CHARACTERS_MIN} characters long")
    return Administrator(username, password, api_key)


def administrator_in(environment: Mapping[str, str]) -> Administrator | None:
    """The administrator from the environment, None if it names none; raises ConfigurationError."""
    username, password = environment.get(USERNAME_VARIABLE, ""), environment.get(PASSWORD_VARIABLE, "")
    if not username or not password:
        return None
    try:
        return administrator_of(username, password, environment.get(API_KEY_VARIABLE, ""))
    except ConfigurationError as err:
        raise ConfigurationError(f"{PASSWORD_VARIABLE}: {err}") from err


def order_of(action: InitAction, administrator: Administrator) -> InitOrder:
    """An order, with the passwords hashed, which takes about a second."""
    return InitOrder(
        action=action.value,
        username=administrator.username,
        password_hash=hash_password(administrator.password),
        agent_password_hash=hash_password(AGENT_PASSWORD) if action is InitAction.INITIALISE else "",
        api_key=administrator.api_key,
    )


async def carry_out(store: Store, order: InitOrder, now: float) -> InitOutcome:
    """Execute an order; nothing is changed unless the outcome is DONE."""
    if order.action == InitAction.RESET.value:
        return await _reset(store, order, now)
    if await is_initialised(store):
        return InitOutcome.ALREADY_INITIALISED
    writes = seed_writes(order.username, order.password_hash, order.agent_password_hash, order.api_key or None, now)
    outcome = await store.commit(writes)
    return InitOutcome.ALREADY_INITIALISED if isinstance(outcome, Refused) else InitOutcome.DONE


async def _reset(store: Store, order: InitOrder, now: float) -> InitOutcome:
    """Give an existing or new user a password and cluster admin rights; missing roles and bindings are restored."""
    if not await is_initialised(store):
        return InitOutcome.NOT_INITIALISED
    user = await store.get(key_of(USER, "", order.username))
    binding = await store.get(key_of(CLUSTER_ROLE_BINDING, "", ADMINS_BINDING))
    writes = reset_writes(
        User(username=order.username) if user is None else decode(User, user.body),
        order.password_hash,
        None if binding is None else decode(ClusterRoleBinding, binding.body),
        order.api_key or None,
        now,
    )
    record = AuditRecord(
        at=round(now, 3),
        username="sensu-backend init --reset-admin",
        action="update",
        type=USER.type,
        api_version=USER.api_version,
        name=order.username,
        secrets_changed=True,
    )
    await store.commit([*writes, AppendAudit(now, encode(record))])
    return InitOutcome.DONE


async def is_initialised(store: Store) -> bool:
    """Whether `init` has run on this database, regardless of what was deleted since."""
    return (
        await store.count(USER.qualified_name, None) > 0
        or await store.get(key_of(NAMESPACE, "", "default")) is not None
    )


def make_folder(path: Path, flag: str) -> Path:
    """Create a folder if necessary, accessible only to its owner; raises a ConfigurationError that names the flag."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as err:
        raise ConfigurationError(f"{flag} {path}: {(err.strerror or str(err)).lower()}") from err
    return path

"""`sensu-backend init`: makes the database and what every cluster starts with.

Source: docs, "Backend reference", initialization; spec BE-02, BE-03.
"""

import getpass
import uuid
from pathlib import Path

from sensu.backend.auth.passwords import hash_password
from sensu.backend.auth.seeds import seed_writes
from sensu.backend.settings import InitSettings
from sensu.clock import Clock
from sensu.errors import ConfigurationError
from sensu.resources.kinds import NAMESPACE
from sensu.store.contract import Key, PutState, Store

AGENT_PASSWORD = "P@ssw0rd!"  # noqa: S105 - the documented default of agents
PASSWORD_CHARACTERS_MIN = 8
ALREADY = "already initialized"
CLUSTER_ID = "cluster_id"


def completed(settings: InitSettings) -> tuple[str, str, str]:
    """Name, password and API key of the first user, asked for where that is wished; raises ConfigurationError."""
    name, password, key = (
        settings.cluster_admin_username,
        settings.cluster_admin_password,
        settings.cluster_admin_api_key,
    )
    if settings.interactive:
        name = input(f"Cluster Admin Username: ({name}) ").strip() or name
        password = _asked_password()
        key = input("Cluster Admin API Key: ").strip() or key
    if not name or not password:
        raise ConfigurationError("both --cluster-admin-username and --cluster-admin-password are required")
    if len(password) < PASSWORD_CHARACTERS_MIN:
        raise ConfigurationError(f"the password must be at least {PASSWORD_CHARACTERS_MIN} characters long")
    return name, password, key


def _asked_password() -> str:
    password = getpass.getpass("Cluster Admin Password: ")
    if getpass.getpass("Retype Cluster Admin Password: ") != password:
        raise ConfigurationError("password confirmation doesn't match the password")
    return password


async def initialise(store: Store, settings: InitSettings, clock: Clock) -> bool:
    """Store what a cluster starts with; false, and nothing changed, where it was stored before."""
    name, password, key = completed(settings)
    if await is_initialised(store):
        return False
    writes = seed_writes(name, hash_password(password), hash_password(AGENT_PASSWORD), key or None, clock.now())
    await store.commit(writes)
    return True


async def is_initialised(store: Store) -> bool:
    """Whether `init` has run on this database."""
    return await store.get(Key(NAMESPACE.qualified_name, "", "default")) is not None


def make_folder(path: Path, flag: str) -> Path:
    """The folder, made if need be, for its owner alone; raises ConfigurationError that names the flag."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as err:
        raise ConfigurationError(f"{flag} {path}: {(err.strerror or str(err)).lower()}") from err
    return path


async def cluster_id(store: Store) -> str:
    """The UUID of this cluster, made at the first start."""
    kept = await store.get_state(CLUSTER_ID)
    if kept is not None:
        return kept.decode()
    made = str(uuid.uuid4())
    await store.commit([PutState(CLUSTER_ID, made.encode())])
    return made

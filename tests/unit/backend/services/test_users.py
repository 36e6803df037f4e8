"""Users of other providers and the backend's user records."""

from pathlib import Path

from sensu.backend.auth.access import Access
from sensu.backend.auth.basic_provider import BasicProvider
from sensu.backend.auth.identity import ALL_USERS_GROUP, Identity
from sensu.backend.auth.passwords import Passwords
from sensu.backend.auth.providers import Providers
from sensu.backend.auth.sealing import Sealing
from sensu.backend.auth.seeds import seed_writes
from sensu.backend.auth.tokens import Tokens
from sensu.backend.services.audit import AuditLog
from sensu.backend.services.outcomes import Denied, Found, Invalid
from sensu.backend.services.resources import Resources
from sensu.backend.services.sealed_values import SealedValues
from sensu.backend.services.users import Users
from sensu.clock import SystemClock
from sensu.resources.kinds import ALL_KINDS, EVENT
from sensu.store.resource_cache import ResourceCache
from sensu.store.sqlite.connection import Durability
from sensu.store.sqlite.store import SQLiteStore

LOCAL = Identity("admin", (ALL_USERS_GROUP,))
NAMESAKE = Identity("admin", (ALL_USERS_GROUP,), provider_id="ldap/openldap", user_id="uid=admin,dc=example")


async def test_a_user_of_a_directory_is_not_the_local_user_of_that_name(tmp_path: Path) -> None:
    """Only the local user may read its own record; the other gets an error that names the provider of its password."""

    async def body() -> bytes:
        return b'{"password": "x", "password_new": "y-longer"}'

    store, clock = SQLiteStore(tmp_path, Durability.NORMAL), SystemClock()
    await store.open()
    await store.commit(seed_writes("admin", "x", "x", None, clock.now()))
    records = ResourceCache(store)
    await records.load(kind for kind in ALL_KINDS if kind is not EVENT)
    passwords, access = Passwords(clock), Access(records)
    tokens = Tokens(store, Providers(BasicProvider(records, passwords)), clock)
    sealed = SealedValues(store, access, Sealing(b"secret"))
    resources = Resources(store, access, clock, lambda *_: None, AuditLog(store, access, clock), sealed)
    users = Users(resources, passwords, tokens)
    try:
        assert isinstance(await users.get(LOCAL, "admin"), Found)
        assert await users.get(NAMESAKE, "admin") == Denied()
        assert await users.change_password(NAMESAKE, "admin", body) == Invalid(
            "the password of admin is managed by ldap/openldap"
        )
    finally:
        passwords.close()
        records.close()
        await store.close()

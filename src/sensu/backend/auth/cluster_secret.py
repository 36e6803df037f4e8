"""The secret that the backends of a cluster share: it signs tokens and seals stored values."""

import secrets

from sensu.store.contract import Store
from sensu.store.values import PutState

SECRET_NAME = "jwt_secret"  # noqa: S105  (the name of the secret)
SECRET_BYTES = 32


async def cluster_secret(store: Store) -> bytes:
    """The secret in the store, created at the first start; raises StoreError."""
    secret = await store.get_state(SECRET_NAME)
    if secret is None:
        await store.commit([PutState(SECRET_NAME, secrets.token_bytes(SECRET_BYTES), once=True)])
        secret = await store.get_state(SECRET_NAME)
    return secret or b""

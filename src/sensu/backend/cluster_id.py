"""The UUID of a cluster, by which clusters of a federation tell each other apart."""

import uuid

from sensu.store.contract import Store
from sensu.store.values import PutState

CLUSTER_ID = "cluster_id"


async def cluster_id(store: Store) -> str:
    """The UUID of this cluster, generated at the first start."""
    kept = await store.get_state(CLUSTER_ID)
    if kept is None:
        await store.commit([PutState(CLUSTER_ID, str(uuid.uuid4()).encode(), once=True)])
        kept = await store.get_state(CLUSTER_ID)
    return (kept or b"").decode()

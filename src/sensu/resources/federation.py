"""Federation: the other clusters that people reach from this one, and mirrors of resources in them.

Source: docs, "Federation API", "Etcd replicators reference", "Multi-cluster visibility with federation".
"""

from sensu.resources.metadata import ObjectMeta
from sensu.resources.wire import Wire, always, always_bool, always_int, always_null, always_str
from sensu.resources.wire_numbers import I64


class FederatedCluster(Wire, frozen=True):
    """A cluster of the federation: the URLs of the APIs of its backends.

    `ca_cert` is a file on the backend's host. It and `insecure` are not in the reference.
    """

    metadata: ObjectMeta = always(ObjectMeta)
    api_urls: tuple[str, ...] | None = always_null()
    ca_cert: str = ""
    insecure: bool = False


class EtcdReplicator(Wire, frozen=True):
    """A one-way mirror of the resources of a type in another cluster.

    `url` has the URLs of the other cluster's API, separated by commas. `ca_cert`, `cert`, `key` and `api_key_file`,
    which is not in the reference, are files on the backend's host. `namespace` limits the mirror to one namespace;
    empty for all.
    """

    metadata: ObjectMeta = always(ObjectMeta)
    ca_cert: str = always_str()
    cert: str = always_str()
    key: str = always_str()
    insecure: bool = always_bool()
    url: str = always_str()
    api_version: str = always_str()
    resource: str = always_str()
    namespace: str = ""
    api_key_file: str = ""
    replication_interval_seconds: I64 = always_int()

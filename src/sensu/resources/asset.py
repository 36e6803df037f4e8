"""Assets: archives of programs that checks, hooks, filters, mutators and handlers need."""

from sensu.resources.metadata import ObjectMeta
from sensu.resources.wire import Wire, always, always_null


class AssetBuild(Wire, frozen=True):
    """A build of an asset for the hosts that its filters match."""

    url: str = ""
    sha512: str = ""
    filters: tuple[str, ...] | None = always_null()
    headers: dict[str, str] | None = always_null()


class Asset(Wire, frozen=True):
    """The URL and digest of an archive, and filters for the hosts that it is for."""

    url: str = ""
    sha512: str = ""
    filters: tuple[str, ...] | None = always_null()
    builds: tuple[AssetBuild, ...] | None = always_null()
    metadata: ObjectMeta = always(ObjectMeta)
    headers: dict[str, str] | None = always_null()

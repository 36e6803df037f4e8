"""Settings of the web UI for all users.

Source: docs, "Web UI configuration reference", "Build a private catalog".
"""

from sensu.resources.metadata import ObjectMeta
from sensu.resources.wire import Wire, always
from sensu.resources.wire_numbers import I64


class DefaultPreferences(Wire, frozen=True):
    """What holds for users who prefer nothing else; `poll_interval` in milliseconds."""

    page_size: I64 = 0
    poll_interval: I64 = 0
    serialization_format: str = ""
    theme: str = ""


class PagePreferences(Wire, frozen=True):
    """What one page lists, in which order, and how many at a time."""

    page: str = ""
    order: str = ""
    page_size: I64 = 0
    selector: str = ""


class LinkPolicy(Wire, frozen=True):
    """The URLs in labels and annotations that become links: those that match one of `urls`, or those that do not."""

    allow_list: bool = False
    urls: tuple[str, ...] | None = None


class Catalog(Wire, frozen=True):
    """Where the catalog of integrations comes from."""

    url: str = ""
    release_version: str = ""
    disabled: bool = False


class GlobalConfig(Wire, frozen=True):
    """The configuration of the web UI.

    `frame_ancestors` (the hosts whose pages may show the web UI in a frame) and `silence_reason_optional` are not in
    the reference.
    """

    metadata: ObjectMeta = always(ObjectMeta)
    always_show_local_cluster: bool = False
    catalog: Catalog | None = None
    default_preferences: DefaultPreferences | None = None
    license_expiry_reminder: str = ""
    link_policy: LinkPolicy | None = None
    page_preferences: tuple[PagePreferences, ...] | None = None
    signin_message: str = ""
    disable_bsm: bool = False
    frame_ancestors: tuple[str, ...] | None = None
    silence_reason_optional: bool = False

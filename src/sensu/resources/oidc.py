"""Authentication providers that are identity providers with OpenID Connect.

Source: docs, "OIDC reference".
"""

from sensu.resources.metadata import ObjectMeta
from sensu.resources.wire import Wire, always, always_bool, always_list, always_str


class OIDCProvider(Wire, frozen=True):
    """An identity provider whose users log in with their browser.

    `server` is the issuer. `username_claim` and `groups_claim` are the claims that hold the user's name and groups,
    whose names begin with the prefixes and a colon. Without `redirect_uri`, users come back to the address of the API
    that they began at.
    """

    metadata: ObjectMeta = always(ObjectMeta)
    additional_scopes: tuple[str, ...] = always_list()
    client_id: str = always_str()
    client_secret: str = always_str()
    disable_offline_access: bool = always_bool()
    redirect_uri: str = always_str()
    server: str = always_str()
    groups_claim: str = always_str()
    groups_prefix: str = always_str()
    username_claim: str = always_str()
    username_prefix: str = always_str()

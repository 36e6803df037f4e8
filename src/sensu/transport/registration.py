"""What a backend of this project says to `sensu-agent doctor` about an agent, on the agents' port.

The request has the headers of a handshake, without those of the WebSocket protocol, so no session begins. Other
backends answer 404.
"""

import msgspec

PATH = "/diagnosis"


class Registration(msgspec.Struct, frozen=True):
    """An agent as its backend sees it.

    `sessions` counts those of this process with the agent's name. `subscriptions` are those of its entity, if there is
    one, and `unused` those of them that no check has.
    """

    version: str = ""
    sessions: int = 0
    has_entity: bool = False
    subscriptions: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()

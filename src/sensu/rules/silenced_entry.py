"""What a silence that a client sends becomes.

Source: recorded scenarios silenced-lifecycle and silenced-expiry.
"""

import msgspec

from sensu.resources.silenced import Silenced


def name_of_entry(subscription: str, check: str) -> str:
    """`subscription:check`, the name of a silence, with `*` for what is not given."""
    return f"{subscription or '*'}:{check or '*'}"


def ended_at(begin: int, expire: int, expire_at: int, now: float) -> int | None:
    """When the time of a silence was over, None where it is not yet; `now` in Unix seconds."""
    end = expire_at or (begin + expire if begin and expire > 0 else 0)
    return end if 0 < end <= now else None


def completed(entry: Silenced, creator: str, now: float) -> Silenced:
    """The silence as it is kept: name computed, creator and times filled in; `now` in Unix seconds."""
    begin = entry.begin or int(now)
    ends = entry.expire > 0 and not entry.expire_at
    return msgspec.structs.replace(
        entry,
        metadata=msgspec.structs.replace(
            entry.metadata, name=name_of_entry(entry.subscription, entry.check), created_by=creator
        ),
        creator=creator,
        begin=begin,
        expire_at=begin + entry.expire if ends else entry.expire_at,
    )

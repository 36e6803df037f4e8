"""Where blocks of numbers begin, so that no number is used twice even if a failover loses that a block was taken.

A failover to a standby that lacks the last commits forgets the last blocks, whose numbers may have been shown to
handlers already. Blocks that are taken later therefore begin where the time is, as long as fewer numbers are used.
"""

NUMBERS_A_SECOND = 100_000
"""How fast the least number grows with the time; that of deliveries stays exact in JavaScript until the year 2068."""
SINCE = 1_700_000_000
"""The Unix time at which it was zero."""


def least(now: float) -> int:
    """The number that all of a block which is taken at a time exceed."""
    return max(0, int((now - SINCE) * NUMBERS_A_SECOND))

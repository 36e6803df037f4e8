"""Which part of a history fits into so many bytes."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from sensu.rules.history import fits_from

SIZES = st.dictionaries(st.integers(0, 50), st.integers(1, 100))


@given(sizes=SIZES, bytes_max=st.integers(0, 2000))
def test_the_newest_that_fit_are_kept(sizes: dict[int, int], bytes_max: int) -> None:
    """What is kept fits, and with the next older second it would not."""
    first = fits_from(sizes, bytes_max)
    kept = Counter({time: size for time, size in sizes.items() if time >= first})
    assert kept.total() <= bytes_max
    older = [time for time in sizes if time < first]
    assert not older or kept.total() + sizes[max(older)] > bytes_max

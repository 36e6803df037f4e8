from sensu.rules.number_blocks import NUMBERS_A_SECOND, SINCE, least


def test_a_block_that_was_forgotten_is_not_taken_again() -> None:
    """A block begins above all numbers that can have been used since another one was taken and lost."""
    taken_at = SINCE + 1000.0
    used = least(taken_at) + NUMBERS_A_SECOND * 0.9
    assert least(taken_at + 1) > used


def test_numbers_stay_exact_in_javascript() -> None:
    """The id of a delivery, which contains its slot, is a number that JSON readers represent exactly."""
    assert least(2_900_000_000) * 64 < 2**53
    assert least(0) == 0

"""What is asked of a Vault server: ids, leases, and when tokens are renewed."""

import pytest

from sensu.rules import vault
from sensu.rules.vault import Life, VaultPlace


@pytest.mark.parametrize(
    ("secret_id", "version", "place"),
    [
        ("secret/database#password", "v1", VaultPlace("secret/database", "password")),
        ("secrets/sensu#ansible#token", "v2", VaultPlace("secrets/sensu/data/ansible", "token")),
        ("secret/database#password", "v2", VaultPlace("secret/data/database", "password")),
        ("secret/a/b c?#x y", "v2", VaultPlace("secret/data/a/b%20c%3F", "x y")),
    ],
)
def test_ids_are_paths_of_the_api(secret_id: str, version: str, place: VaultPlace) -> None:
    """Names are part of a URL, so that no character of one leads elsewhere."""
    assert vault.place_of(secret_id, version) == place


@pytest.mark.parametrize("secret_id", ["", "a", "#", "a#", "#b", "a/../b#c", "a//b#c", "/a#b", "a#b#c"])
def test_what_is_no_id_is_said(secret_id: str) -> None:
    """An id without a path and a field is refused with the form of one."""
    assert "is not an id of the form engine/secret#field" in str(vault.place_of(secret_id, "v1"))


@pytest.mark.parametrize(
    ("answer", "kept_s"),
    [
        ({"lease_duration": 2_764_800, "lease_id": "", "renewable": False}, 30),
        ({"lease_duration": 60, "lease_id": "database/creds/x/1", "renewable": True}, 60),
        ({"lease_duration": 60, "lease_id": "database/creds/x/1", "renewable": False}, 60),
        ({"lease_duration": 0, "lease_id": "", "renewable": False}, 30),
        ({"lease_duration": "60", "lease_id": "x"}, 30),
        (None, 30),
    ],
)
def test_only_a_lease_says_how_long_a_value_is_kept(answer: object, kept_s: float) -> None:
    """Version 1 answers with 32 days for a value that has no lease, which is not obeyed."""
    assert vault.kept_s(answer) == kept_s


def test_tokens_are_renewed_at_two_thirds_of_their_life() -> None:
    """Members renew at different times, and never more often than once a second."""
    assert vault.renewal_after_s(120, 0.5) == pytest.approx(80)
    assert (vault.renewal_after_s(120, 0.0), vault.renewal_after_s(120, 1.0)) == pytest.approx((72, 88))
    assert vault.renewal_after_s(0.1, 0.5) == 1


def test_the_life_of_a_token_is_read_from_any_answer() -> None:
    """A look-up, a log-in and a renewal say it in different fields; a token without an end has no life to renew."""
    assert vault.life_in({"data": {"ttl": 90, "renewable": True}}) == Life(90, True)
    assert vault.life_in({"data": None, "auth": {"lease_duration": 60, "renewable": False}}) == Life(60, False)
    assert vault.life_in({"data": {"ttl": 0, "renewable": False, "expire_time": None}}) == Life(0, False)
    assert vault.life_in({"data": {"ttl": 0, "renewable": True, "expire_time": "2026-01-01"}}) == Life(1, True)
    assert vault.life_in("nonsense") == Life()


def test_pauses_double_and_are_bounded() -> None:
    """The server may say when to come back, within half a minute."""
    assert [round(vault.pause_s(attempt), 1) for attempt in range(4)] == [0.2, 0.4, 0.8, 1.6]
    assert (vault.pause_s(50), vault.pause_s(0, "3"), vault.pause_s(0, "9999")) == (30, 3, 30)
    assert vault.pause_s(0, "Wed, 21 Oct 2026 07:28:00 GMT") == 0.2

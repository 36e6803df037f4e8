"""What is shown of the URLs of notify handlers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.rules.notify.urls import expanded, masked, scheme_of, url_problem


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/", "slack://T...2/A...D/T...Q/"),
        ("slack://xoxb-1234-1234-4ddbc191d40ee098/#ops", "slack://x...8/#ops"),
        ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", "discord://4...8/J...s"),
        ("tgram://123456789:abcdefg_hijklmnop/12315544/", "tgram://1...p/1...4/"),
        ("mailto://ops:geheim@mail.example.org?to=a@b.org&pass=geheim", None),
        ("mailtos://mail.example.org:465/ops@example.org", "mailtos://mail.example.org:465/ops@example.org"),
        ("json://user:pass@hooks.example.org:8080/abcdefgh?key=1234567890", None),
        ("ntfy://a-secret-topic", "ntfy://a...c"),
        ("ntfys://ntfy.example.org/alerts-of-ops", "ntfys://ntfy.example.org/a...s"),
        ("pagerduty://A1BRTD4JD@TIiajkdnlazkcOXrIdevi7FQ/node01", None),
        ("${SLACK}", "${SLACK}"),
        ("ntfy://ntfy.example.org/${TOPIC}", "ntfy://ntfy.example.org/${TOPIC}"),
        ("no url at all", "..."),
    ],
)
def test_tokens_are_hidden_and_hosts_are_shown(url: str, shown: str | None) -> None:
    """People recognise a URL by its service, host and people, without its tokens and passwords."""
    found = masked(url)
    assert shown in (None, found)
    for secret in ("geheim", "pass@", "abcdefgh", "1234567890", "TIiajkdnlazkcOXrIdevi7FQ", "A1BRTD4JD"):
        assert secret not in found


PARTS = st.text(st.sampled_from("abcXYZ012-_.:@/?&=#%${}"), max_size=40)


@given(st.sampled_from(["slack", "mailto", "json", "ntfy", "tgram", "unknown"]), PARTS)
def test_masking_again_changes_nothing(scheme: str, rest: str) -> None:
    """The masked form of a URL is its own masked form, by which the stored URL is found again."""
    once = masked(f"{scheme}://{rest}")
    assert masked(once) == once


@given(
    st.sampled_from(["slack", "discord", "pagerduty"]), st.text(st.sampled_from("abcdefXYZ0123456789-_"), min_size=8)
)
def test_no_token_is_shown_whole(scheme: str, token: str) -> None:
    """A token is never part of what is shown."""
    assert token not in masked(f"{scheme}://{token}/{token}?token={token}")


def test_variables_have_the_values_of_secrets() -> None:
    """`${NAME}` is replaced anywhere in a URL; a variable without a value is named."""
    assert expanded("${HOOK}", {"HOOK": "slack://a/b\n"}) == "slack://a/b"
    assert expanded("ntfy://h/${A}-${B}", {"A": "x", "B": "y"}) == "ntfy://h/x-y"
    with pytest.raises(KeyError, match="MISSING"):
        expanded("ntfy://h/${MISSING}", {})


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("slack://a/b", None),
        ("${HOOK}", None),
        ("${OTHER}", "refers to the variable OTHER, which is not in secrets"),
        ("", "must be a URL of at most 4096 characters"),
        ("x" * 5000, "must be a URL of at most 4096 characters"),
        ("slack://a b", "must not contain spaces"),
        ("hooks.slack.com/x", "must begin with a service"),
    ],
)
def test_urls_that_cannot_work_are_refused(url: str, why: str | None) -> None:
    """A URL needs a service and only variables that are defined."""
    found = url_problem(url, frozenset({"HOOK"}))
    assert found is None if why is None else (found or "").startswith(why)


def test_the_service_is_the_scheme() -> None:
    """Schemes are compared in lower case; without one there is no service."""
    assert scheme_of("Slack://x") == "slack"
    assert scheme_of("slack") == ""

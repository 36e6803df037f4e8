"""The message about many events at once."""

from hypothesis import given
from hypothesis import strategies as st

from sensu.rules.notify.digest import DigestItem, digest_of
from sensu.rules.notify.occasions import CHANGED, PROBLEM, RESOLVED, RESULT


def problem(entity: str, check: str = "http", status: int = 2, line: str = "", **fields: bool) -> DigestItem:
    return DigestItem(entity, check, status, PROBLEM, line, **fields)


def test_problems_are_grouped_by_check() -> None:
    """The check with most problems comes first; below it are its entities, the most severe first."""
    found = digest_of(
        [
            problem("web1", "disk", 1, "97 % used|x=1"),
            problem("web2", line="503"),
            problem("web1", line="503\nmore", status=1),
            DigestItem("db1", "ping", 0, RESOLVED),
            problem("web3", is_over=True),
        ],
        "https://sensu.example.org/n/default/events",
    )
    assert found.title == "🔴 3 problems on 2 hosts, 1 recovered"
    assert found.severity == "critical"
    assert found.text == (
        "http (2)\nweb2 critical: 503\nweb1 warning: 503\n\n"
        "disk (1)\nweb1 warning: 97 % used\n\n"
        "Recovered (1)\ndb1/ping\n\n"
        "1 problem came and went\n\n"
        "Events: https://sensu.example.org/n/default/events"
    )
    assert found.link == "https://sensu.example.org/n/default/events"


def test_titles_say_what_there_is() -> None:
    """A digest without problems is about what recovered, or about what came and went."""
    assert digest_of([DigestItem("a", "x", 0, RESOLVED)] * 2).title == "🟢 2 recovered"
    assert digest_of([problem("a", is_over=True), problem("b", is_over=True)]).title == "🟢 2 problems came and went"
    assert digest_of([problem("a", status=1), DigestItem("b", "y", 0, RESULT)]).title == (
        "🟡 1 problem on 1 host, 1 other result"
    )
    assert digest_of([DigestItem("a", "x", 2, CHANGED, is_over=True), problem("b")]).title == "🔴 1 problem on 1 host"


def test_what_checks_print_is_not_markup() -> None:
    """Names and outputs are text in every format."""
    found = digest_of([problem("web1", line="<b>*x*</b>"), problem("web2")])
    assert "&lt;b&gt;*x*&lt;/b&gt;" in found.html
    assert r"\<b\>\*x\*\</b\>" in found.markdown


ITEMS = st.builds(
    DigestItem,
    entity=st.sampled_from([f"web{number}" for number in range(40)]),
    check=st.sampled_from([f"check{number}" for number in range(30)]),
    status=st.integers(0, 3),
    happened=st.sampled_from([PROBLEM, CHANGED, RESOLVED, RESULT]),
    line=st.text(max_size=300),
    is_over=st.booleans(),
)


@given(st.lists(ITEMS, min_size=1, max_size=300))
def test_digests_are_short(items: list[DigestItem]) -> None:
    """However many events there are, a digest has a title, and at most a screen of lines for each of 20 checks."""
    found = digest_of(items)
    assert found.title.strip()
    assert len(found.text) < 60_000

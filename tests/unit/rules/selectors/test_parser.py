"""Label and field selectors: what can be written, and where parsing stops."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.rules.selectors.faults import SelectorFault
from sensu.rules.selectors.parser import Comparison, Requirement, parsed

IDENTIFIER = st.from_regex(r"[A-Za-z_][A-Za-z0-9_/]{0,8}(\.[A-Za-z_][A-Za-z0-9_/]{0,8}){0,2}", fullmatch=True).filter(
    lambda text: text.lower() not in ("in", "notin", "matches", "true", "false")
)
TEXT = st.text(st.characters(exclude_characters="'\""), max_size=12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("  ", ()),
        ("region == eu", (Requirement("region", Comparison.EQUALS, ("eu",)),)),
        ("region != 'eu-1'", (Requirement("region", Comparison.EQUALS, ("eu-1",), True),)),
        ("region!=eu", (Requirement("region", Comparison.EQUALS, ("eu",), True),)),
        ("a == 'x\"", (Requirement("a", Comparison.EQUALS, ("x",)),)),
        ("check.publish == true", (Requirement("check.publish", Comparison.EQUALS, ("true",)),)),
        ("sensu.io/managed_by == sensuctl", (Requirement("sensu.io/managed_by", Comparison.EQUALS, ("sensuctl",)),)),
        ("linux in check.subscriptions", (Requirement("check.subscriptions", Comparison.HAS_ELEMENT, ("linux",)),)),
        ("'a b' NOTIN x", (Requirement("x", Comparison.HAS_ELEMENT, ("a b",), True),)),
        ('x IN [a, "b" c]', (Requirement("x", Comparison.IS_ONE_OF, ("a", "b", "c")),)),
        ("x notin []", (Requirement("x", Comparison.IS_ONE_OF, (), True),)),
        ("x Matches 'eb'", (Requirement("x", Comparison.CONTAINS, ("eb",)),)),
        (
            "a == b && c == d e == f",
            tuple(Requirement(key, Comparison.EQUALS, (value,)) for key, value in ("ab", "cd", "ef")),
        ),
    ],
)
def test_a_selector_is_a_row_of_requirements(text: str, expected: tuple[Requirement, ...]) -> None:
    """Operators, quotes, lists and a missing && mean what the documentation says."""
    assert parsed(text) == expected


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("a='b'", 2),
        ("a = b", 3),
        ("a ==", 5),
        ("a", 2),
        ("== b", 1),
        ("a == 1", 6),
        ("a == b-c", 7),
        ("a == b:c", 7),
        ("a.1 == b", 2),
        ("a. == b", 2),
        ("a == 'b", 6),
        ("true == a", 1),
        ("a in 'b'", 6),
        ("a in true", 6),
        ("a in [b", 8),
        ("a in [b == c]", 9),
        ("[a] in b", 1),
        ("a == b &&", 10),
        ("&& a == b", 1),
        ("a == b & c == d", 8),
        ("a ! b", 3),
        ("a == b || c == d", 8),
        ("a matches [b]", 11),
    ],
)
def test_what_is_no_selector_is_refused_where_parsing_stops(text: str, position: int) -> None:
    """Whoever wrote a wrong selector is told at which character."""
    with pytest.raises(SelectorFault) as refused:
        parsed(text)
    assert refused.value.position == position
    assert str(refused.value).startswith(f"position {position}: ")


@given(st.lists(st.tuples(IDENTIFIER, st.sampled_from(["==", "!=", "matches"]), TEXT), max_size=5))
def test_what_is_put_together_is_found_again(terms: list[tuple[str, str, str]]) -> None:
    """Any names with any quoted values are parsed into just those requirements."""
    found = parsed(" && ".join(f"{key} {operator} '{value}'" for key, operator, value in terms))
    assert [(one.key, one.values) for one in found] == [(key, (value,)) for key, _, value in terms]
    assert [one.negated for one in found] == [operator == "!=" for _, operator, _ in terms]


@given(st.text(max_size=60))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    """No text breaks the parser: it ends in requirements or in a position within the text."""
    try:
        parsed(text)
    except SelectorFault as fault:
        assert 1 <= fault.position <= len(text) + 1


def test_blanks_around_operators_are_a_matter_of_taste() -> None:
    """`region==us` and `region == us` ask for the same, although the reference refuses the first."""
    assert parsed("a=='b'&&c!=d") == parsed("a == 'b' && c != d")

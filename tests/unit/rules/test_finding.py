from sensu.rules.finding import BEGINS, BEGINS_A_PART, CONTAINS, EXACT, NamedThing, best, rank


def test_the_better_a_name_matches_the_earlier_it_comes() -> None:
    """The whole name comes first, then names that begin with the word, then those of which a part begins with it."""
    names = ["my-web", "cobweb", "web-1", "web", "web-12", "webweb", "other"]
    found = best([NamedThing(0, "default", name) for name in names], "WEB", 10)
    assert [one.name for one in found] == ["web", "web-1", "web-12", "webweb", "my-web", "cobweb"]
    assert best([NamedThing(0, "default", name) for name in names], "web", 2) == found[:2]
    words = best([NamedThing(0, "default", name) for name in names], "12 web", 2)
    assert [one.name for one in words] == ["web-12"]


def test_case_does_not_matter_and_parts_are_found_anywhere() -> None:
    """A name matches in any case, and every place of the word in it counts."""
    assert rank("Web", "web") == EXACT
    assert rank("WEB1", "web") == BEGINS
    assert rank("cobweb/web", "web") == BEGINS_A_PART
    assert rank("cobweb", "web") == CONTAINS
    assert rank("db", "web") is None

import pytest

from sensu.errors import InvalidResource
from sensu.resources.check import ProxyRequests
from sensu.rules.proxy_requests import on_behalf_of, splay_pause_s
from sensu.rules.schedule import Timing
from sensu.testing.factories import make_check_config, make_entity_config

NOW = 1_700_000_000.0
EVERY_MINUTE = Timing(interval_s=60)


def test_tokens_are_filled_in_from_the_entity() -> None:
    """The request's texts are the entity's, and it names the entity it is about."""
    check = make_check_config(command="ping {{ .labels.ip }}", env_vars=("NAME={{ .name }}",), timeout=5)
    filled = on_behalf_of(check, make_entity_config("router1", labels={"ip": "10.0.0.1"}))
    assert (filled.command, filled.env_vars) == ("ping 10.0.0.1", ("NAME=router1",))
    assert (filled.proxy_entity_name, filled.timeout, filled.metadata) == ("router1", 5, check.metadata)


def test_a_token_that_the_entity_lacks_is_an_error() -> None:
    """A check is not run on behalf of an entity that cannot fill its tokens."""
    with pytest.raises(InvalidResource, match="command"):
        on_behalf_of(make_check_config(command="{{ .labels.nosuch }}"), make_entity_config())


@pytest.mark.parametrize(
    ("splay", "coverage", "when", "entities", "pause"),
    [
        (True, 50, EVERY_MINUTE, 10, 3),
        (True, 0, EVERY_MINUTE, 10, 5.4),
        (False, 50, EVERY_MINUTE, 10, 0),
        (True, 50, EVERY_MINUTE, 0, 0),
        (True, 100, Timing(cron="*/5 * * * *"), 10, 10),
        (True, 100, Timing(cron="@every 2s"), 4, 1),
        (True, 100, Timing(cron="nonsense"), 4, 0),
    ],
)
def test_requests_are_spread_over_the_covered_part(splay, coverage, when, entities, pause) -> None:
    """With splay the pauses fill the coverage, by default 90 percent, of the time to the next run."""
    requests = ProxyRequests(splay=splay, splay_coverage=coverage)
    assert splay_pause_s(make_check_config(proxy_requests=requests), when, NOW, entities) == pytest.approx(pause)

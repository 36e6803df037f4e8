"""When messages go out alone, and when in a digest."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from sensu.rules.notify.plan import FIRST_DIGEST_S, Owed, PlanState, StormSettings, arrived, plan


class Played:
    """The messages that a course of arrivals leads to: `(time, ids)`."""

    def __init__(self, rules: StormSettings, arrivals: list[tuple[float, bool]]) -> None:
        self.rules, self.state = rules, PlanState()
        self.owed: list[Owed] = []
        self.messages: list[tuple[float, tuple[int, ...]]] = []
        self.waited: dict[int, float] = {}
        again_at: float | None = None
        now = 0.0
        for number, (pause, is_problem) in enumerate(arrivals):
            at = now + pause
            while again_at is not None and again_at <= at:
                now, again_at = again_at, self._step(again_at)
            now = at
            self.owed.append(Owed(number, now))
            if is_problem:
                self.state = arrived(self.state, now)
            again_at = self._step(now)
        for _ in range(100_000):
            if again_at is None:
                break
            again_at = self._step(again_at)
        else:
            raise AssertionError("plans never end")

    def _step(self, now: float) -> float | None:
        found = plan(now, self.owed, self.state, self.rules)
        self.state = found.state
        for sending in found.sendings:
            self.messages.append((now, sending.ids))
            for one in [one for one in self.owed if one.id in sending.ids]:
                self.waited[one.id] = now - one.at
                self.owed.remove(one)
        assert found.again_at is None or found.again_at > now
        return found.again_at


def problems(*pauses: float) -> list[tuple[float, bool]]:
    return [(pause, True) for pause in pauses]


def test_a_few_problems_are_a_message_each() -> None:
    """Without a storm, every delivery has its own message at once."""
    played = Played(StormSettings(), problems(0, 5, 5, 100))
    assert played.messages == [(0, (0,)), (5, (1,)), (10, (2,)), (110, (3,))]


def test_a_storm_is_gathered_into_digests() -> None:
    """After ten problems within a minute, the rest goes out in digests, the first after ten seconds."""
    played = Played(StormSettings(), problems(*[1] * 100))
    alone = [ids for _, ids in played.messages if len(ids) == 1]
    digests = [(at, len(ids)) for at, ids in played.messages if len(ids) > 1]
    assert len(alone) == 10
    assert digests[0] == (11 + FIRST_DIGEST_S, 10)
    assert sum(count for _, count in digests) == 90
    assert digests[1][0] == digests[0][0] + 300


def test_after_a_storm_messages_go_out_alone_again() -> None:
    """A storm ends with the digest before which no problem arrived for a while."""
    played = Played(StormSettings(), problems(*[1] * 20, 2000))
    assert played.messages[-1] == (2020, (20,))


def test_storms_can_be_turned_off() -> None:
    """With `after` 0, only the rate joins messages."""
    played = Played(StormSettings(after=0, rate=5, rate_s=60), problems(*[1] * 12))
    assert [len(ids) for _, ids in played.messages] == [1, 1, 1, 1, 1, 7]
    assert played.messages[-1][0] == 61


RULES = st.builds(
    StormSettings,
    after=st.integers(0, 12),
    within_s=st.sampled_from([1.0, 10.0, 60.0]),
    digest_s=st.sampled_from([10.0, 60.0, 300.0]),
    rate=st.integers(1, 12),
    rate_s=st.sampled_from([1.0, 10.0, 60.0]),
)
ARRIVALS = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 1.0, 7.0, 50.0, 400.0]), st.booleans()), max_size=120)


@settings(max_examples=300)
@given(RULES, ARRIVALS)
def test_whatever_arrives(rules: StormSettings, arrivals: list[tuple[float, bool]]) -> None:
    """Every delivery is in exactly one message, the rate is kept, and none waits longer than a digest and the rate."""
    played = Played(rules, arrivals)
    counts = Counter(number for _, ids in played.messages for number in ids)
    assert counts == dict.fromkeys(range(len(arrivals)), 1)
    times = [at for at, _ in played.messages]
    for place, at in enumerate(times):
        assert sum(1 for other in times[place:] if other < at + rules.rate_s) <= rules.rate
    longest_s = rules.digest_s + rules.rate_s + FIRST_DIGEST_S
    assert all(waited <= longest_s + 1e-6 for waited in played.waited.values())

"""The breaker of a provider: closed, open, half-open, by a clock that is moved by hand."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.core.clock import FixedClock
from services.notices.adapters.breaker import Breaker, BreakerLimits

START = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
LIMITS = BreakerLimits(failures=3, window=timedelta(seconds=60), rest=timedelta(seconds=30))


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(START)


def broken(clock: FixedClock) -> Breaker:
    """A breaker that has just opened."""
    breaker = Breaker(clock, LIMITS)
    for _ in range(3):
        breaker.failed()
    return breaker


def test_two_failures_are_borne_and_the_third_opens(clock: FixedClock) -> None:
    breaker = Breaker(clock, LIMITS)
    breaker.failed()
    breaker.failed()
    assert (breaker.state, breaker.admits()) == ("closed", True)
    breaker.failed()
    assert (breaker.state, breaker.admits()) == ("open", False)


def test_failures_longer_ago_than_the_window_do_not_count(clock: FixedClock) -> None:
    breaker = Breaker(clock, LIMITS)
    breaker.failed()
    breaker.failed()
    clock.move(timedelta(seconds=60))
    breaker.failed()
    assert breaker.state == "closed"
    breaker.failed()
    breaker.failed()
    assert breaker.state == "open"


def test_one_that_mostly_works_is_not_left_out(clock: FixedClock) -> None:
    """A fifth of the calls fails: with 40 calls in the window that is 8 failures, and 32 messages went."""
    breaker = Breaker(clock, LIMITS)
    for call in range(40):
        (breaker.failed if call % 5 == 4 else breaker.worked)()
    assert breaker.state == "closed"


def test_after_the_rest_one_message_tries_it(clock: FixedClock) -> None:
    breaker = broken(clock)
    clock.move(timedelta(seconds=29))
    assert not breaker.admits()
    clock.move(timedelta(seconds=1))
    assert breaker.state == "half_open"
    assert [breaker.admits() for _ in range(3)] == [True, False, False]


def test_a_trial_that_works_closes_and_forgets(clock: FixedClock) -> None:
    breaker = broken(clock)
    clock.move(timedelta(seconds=30))
    assert breaker.admits()
    breaker.worked()
    assert breaker.state == "closed"
    breaker.failed()
    breaker.failed()
    assert breaker.state == "closed"


def test_a_trial_that_fails_is_another_whole_rest(clock: FixedClock) -> None:
    breaker = broken(clock)
    clock.move(timedelta(seconds=30))
    assert breaker.admits()
    clock.move(timedelta(seconds=5))
    breaker.failed()
    clock.move(timedelta(seconds=29))
    assert not breaker.admits()
    clock.move(timedelta(seconds=1))
    assert breaker.admits()


def test_a_trial_of_which_nothing_is_heard_goes_to_the_next(clock: FixedClock) -> None:
    breaker = broken(clock)
    clock.move(timedelta(seconds=30))
    assert breaker.admits()
    clock.move(timedelta(seconds=29))
    assert not breaker.admits()
    clock.move(timedelta(seconds=1))
    assert breaker.admits()


def test_answers_to_earlier_calls_do_not_end_a_rest(clock: FixedClock) -> None:
    breaker = broken(clock)
    breaker.worked()
    assert breaker.state == "open"


class Model(RuleBasedStateMachine):
    """Against a plain list of outcomes."""

    @initialize()
    def start(self) -> None:
        self.clock = FixedClock(START)
        self.breaker = Breaker(self.clock, LIMITS)
        self.outcomes: list[tuple[datetime, bool]] = []
        self.opened_at: datetime | None = None
        self.trial_at: datetime | None = None

    def state(self) -> str:
        if self.opened_at is None:
            return "closed"
        return "open" if self.clock.now() < self.opened_at + LIMITS.rest else "half_open"

    def open(self) -> None:
        self.opened_at, self.trial_at, self.outcomes = self.clock.now(), None, []

    @rule(seconds=st.sampled_from([1, 10, 29, 30, 60]))
    def pass_time(self, seconds: int) -> None:
        self.clock.move(timedelta(seconds=seconds))

    @rule(worked=st.booleans())
    def tell(self, worked: bool) -> None:
        state, now = self.state(), self.clock.now()
        (self.breaker.worked if worked else self.breaker.failed)()
        if state == "half_open":
            if worked:
                self.opened_at, self.outcomes = None, []
            else:
                self.open()
        elif state == "closed":
            self.outcomes.append((now, worked))
            recent = [good for at, good in self.outcomes if now - at < LIMITS.window]
            if not worked and recent.count(False) >= 3 and recent.count(False) >= recent.count(True):
                self.open()

    @rule()
    def ask(self) -> None:
        state, now = self.state(), self.clock.now()
        taken = self.trial_at is not None and now < self.trial_at + LIMITS.rest
        assert self.breaker.admits() == (state == "closed" or (state == "half_open" and not taken))
        if state == "half_open" and not taken:
            self.trial_at = now

    @invariant()
    def agree(self) -> None:
        if hasattr(self, "breaker"):
            assert self.breaker.state == self.state()


TestBreakerModel = Model.TestCase
TestBreakerModel.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)

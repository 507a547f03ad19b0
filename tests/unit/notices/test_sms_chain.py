"""The chain of SMS providers: who gets a message, who is asked about it, and that none gets it twice."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.clock import FixedClock
from services.notices.adapters.breaker import BreakerLimits
from services.notices.adapters.sms_chain import SmsChain
from services.notices.adapters.sms_parameters import NoText
from services.notices.ports import (
    ChannelFailure,
    Fate,
    NotSent,
    OutgoingNotice,
    Refused,
    Submitted,
    Uncertain,
)

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
NOTICE = OutgoingNotice("intent", "code", "13800000001", "sms_code", {"code": "1", "minutes": "5"})
LIMITS = BreakerLimits(failures=3)

down: Callable[[], Exception] = lambda: NotSent("x.no_connection", elsewhere=True)  # noqa: E731
untold: Callable[[], Exception] = lambda: Uncertain("x.lost")  # noqa: E731
not_here: Callable[[], Exception] = lambda: Refused("x.template", elsewhere=True)  # noqa: E731
not_them: Callable[[], Exception] = lambda: Refused("x.blacklist")  # noqa: E731
too_soon: Callable[[], Exception] = lambda: NotSent("x.thirty_seconds")  # noqa: E731


class Gateway:
    """A provider that answers as told."""

    def __init__(
        self, provider: str, *script: Callable[[], Exception] | None, fate: Fate = "unknown"
    ) -> None:
        self.provider = provider
        self.script = list(script)
        self.fate = fate
        self.sent = 0
        self.asked: list[str | None] = []

    def send(self, notice: OutgoingNotice) -> Submitted:
        self.sent += 1
        step = self.script.pop(0) if self.script else None
        if step is not None:
            raise step()
        return Submitted(self.provider, f"no-{self.sent}")

    def look_up(self, notice: OutgoingNotice, provider_ref: str | None, sent_at: datetime) -> Fate:
        self.asked.append(provider_ref)
        return self.fate


def chain(*gateways: Gateway, clock: FixedClock | None = None) -> SmsChain:
    return SmsChain(gateways, clock or FixedClock(NOW), LIMITS)


def test_the_first_in_the_centres_order_takes_it() -> None:
    first, second = Gateway("aliyun"), Gateway("tencent")
    assert chain(first, second).send(NOTICE) == Submitted("aliyun", "aliyun:no-1")
    assert (first.sent, second.sent) == (1, 0)


@pytest.mark.parametrize("failure", [down, not_here])
def test_what_is_the_providers_fault_goes_to_the_next_at_once(failure: Callable[[], Exception]) -> None:
    first, second = Gateway("aliyun", failure), Gateway("tencent")
    assert chain(first, second).send(NOTICE).provider_ref == "tencent:no-1"


@pytest.mark.parametrize("failure", [untold, not_them, too_soon])
def test_what_may_have_gone_or_is_the_members_reason_goes_nowhere_else(
    failure: Callable[[], Exception],
) -> None:
    first, second = Gateway("aliyun", failure), Gateway("tencent")
    with pytest.raises(type(failure())) as caught:
        chain(first, second).send(NOTICE)
    assert (caught.value.provider, second.sent) == ("aliyun", 0)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        (down, down, NotSent),
        (down, not_here, NotSent),
        (not_here, down, NotSent),
        (not_here, not_here, Refused),
    ],
)
def test_when_all_say_no_it_is_tried_again_if_one_of_them_may_take_it_later(
    one: Callable[[], Exception], other: Callable[[], Exception], kind: type[ChannelFailure]
) -> None:
    with pytest.raises(kind):
        chain(Gateway("aliyun", one), Gateway("tencent", other)).send(NOTICE)


def test_a_provider_that_keeps_failing_is_not_asked_for_a_while() -> None:
    clock = FixedClock(NOW)
    first, second = Gateway("aliyun", down, down, down), Gateway("tencent")
    own = chain(first, second, clock=clock)
    for _ in range(5):
        own.send(NOTICE)
    assert (first.sent, second.sent) == (3, 5)
    clock.move(timedelta(seconds=30))
    assert own.send(NOTICE).provider == "aliyun"
    assert own.send(NOTICE).provider == "aliyun"


def test_lost_answers_leave_a_provider_out_too() -> None:
    first, second = Gateway("aliyun", *[untold] * 3), Gateway("tencent")
    own = chain(first, second)
    for _ in range(3):
        with pytest.raises(Uncertain):
            own.send(NOTICE)
    assert own.send(NOTICE).provider == "tencent"


def test_members_reasons_and_missing_templates_leave_nobody_out() -> None:
    first = Gateway("aliyun", *[not_them, not_here, too_soon] * 4)
    own = chain(first)
    for _ in range(12):
        with pytest.raises(ChannelFailure):
            own.send(NOTICE)
    assert own.send(NOTICE).provider == "aliyun"


def test_a_provider_that_was_not_asked_has_not_worked() -> None:
    """A text it does not have says nothing of a gateway that is down: it stays left out, and its failures count."""
    clock, no_text = FixedClock(NOW), lambda: NoText("x.template_unknown", elsewhere=True)
    first, second = Gateway("aliyun", *[no_text] * 9, down, down, down, no_text), Gateway("tencent")
    both = chain(first, second, clock=clock)
    for _ in range(12):
        both.send(NOTICE)
    both.send(NOTICE)
    assert first.sent == 12  # three failures, and nothing that worked: left out
    clock.move(timedelta(seconds=31))
    both.send(NOTICE)
    both.send(NOTICE)
    assert first.sent == 13  # the trial told nothing, so it is not in use again


def test_when_all_are_left_out_it_waits() -> None:
    own = chain(Gateway("aliyun", *[down] * 9))
    for _ in range(3):
        with pytest.raises(NotSent):
            own.send(NOTICE)
    with pytest.raises(NotSent) as caught:
        own.send(NOTICE)
    assert caught.value.code == "aliyun.left_out"


def test_the_provider_that_has_it_is_asked_with_its_own_number() -> None:
    first, second = Gateway("aliyun", fate="delivered"), Gateway("tencent", fate="failed")
    assert chain(first, second).look_up(NOTICE, "tencent:2640:77", NOW) == "failed"
    assert (first.asked, second.asked) == ([], ["2640:77"])


def test_the_provider_that_may_have_it_is_asked() -> None:
    first, second = Gateway("aliyun", fate="delivered"), Gateway("tencent", fate="failed")
    may_have = OutgoingNotice("intent", "code", "1", "sms_code", {}, provider="tencent")
    assert chain(first, second).look_up(may_have, None, NOW) == "failed"
    assert (first.asked, second.asked) == ([], [None])


def test_after_a_crash_all_are_asked_until_one_knows() -> None:
    first, second, third = Gateway("mas"), Gateway("aliyun", fate="delivered"), Gateway("tencent")
    assert chain(first, second, third).look_up(NOTICE, None, NOW) == "delivered"
    assert (first.asked, second.asked, third.asked) == ([None], [None], [])


STEPS = st.sampled_from([None, down, untold, not_here, not_them, too_soon])


@given(st.lists(st.tuples(STEPS, STEPS, STEPS), min_size=1, max_size=30))
def test_no_message_is_in_two_hands(rounds: list[tuple[Callable[[], Exception] | None, ...]]) -> None:
    """Whatever the gateways answer: at most one of them may have a message, and it is the one that is named."""
    clock = FixedClock(NOW)
    gateways = [Gateway(name) for name in ("aliyun", "tencent", "mas")]
    own = chain(*gateways, clock=clock)
    for steps in rounds:
        for gateway, step in zip(gateways, steps, strict=True):
            gateway.script = [step] if step else []
        before = [gateway.sent for gateway in gateways]
        try:
            named: str | None = own.send(NOTICE).provider
        except Uncertain as failure:
            named = failure.provider
        except ChannelFailure:
            named = None
        called = [g.sent - was for g, was in zip(gateways, before, strict=True)]
        may_have = [
            gateway.provider
            for gateway, times, step in zip(gateways, called, steps, strict=True)
            if times and step in (None, untold)
        ]
        assert max(called) <= 1
        assert may_have == ([named] if named else [])
        clock.move(timedelta(seconds=7))

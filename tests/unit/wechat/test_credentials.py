"""A token or ticket is renewed before it ends; while that fails, it is used to its end."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from services.core.clock import FixedClock
from tests.contract.wechat.conftest import MemoryTokenStore
from wechat.credentials import Credentials
from wechat.errors import WeChatError, WeChatFailure, WeChatUnreachable
from wechat.token_store import StoredToken

START = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
AWAY = (WeChatUnreachable("ticket/getticket", sent=True), WeChatFailure(45009, "ticket/getticket"))


class Platform:
    """WeChat, which gives a ticket for two hours or is away."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self.away: WeChatError | None = None
        self.asked = 0

    def issue(self) -> StoredToken:
        """The next ticket."""
        self.asked += 1
        if self.away is not None:
            raise self.away
        return self._credentials.issued(f"T{self.asked}", 7200)


Ticket = Callable[[int], str]


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(START)


@pytest.fixture
def credentials(clock: FixedClock) -> Credentials:
    return Credentials("wx1", MemoryTokenStore(), clock)


@pytest.fixture
def platform(credentials: Credentials) -> Platform:
    return Platform(credentials)


@pytest.fixture
def ticket(credentials: Credentials, platform: Platform, clock: FixedClock) -> Ticket:
    """The ticket so many seconds after the start."""

    def at(second: int) -> str:
        clock.move(START + timedelta(seconds=second) - clock.now())
        return credentials.value("jsapi_ticket", platform.issue)

    return at


def test_it_is_renewed_five_minutes_before_its_end(platform: Platform, ticket: Ticket) -> None:
    assert [ticket(second) for second in (0, 6899, 6900)] == ["T1", "T1", "T2"]
    assert platform.asked == 2


@pytest.mark.parametrize("failure", AWAY)
def test_while_wechat_is_away_it_is_used_to_its_end(
    platform: Platform, ticket: Ticket, failure: WeChatError
) -> None:
    """7,200 s of life: the last use is at 7,199; then there is nothing to be had."""
    ticket(0)
    platform.away = failure
    assert [ticket(second) for second in (6900, 7199)] == ["T1", "T1"]
    with pytest.raises(type(failure)):
        ticket(7200)


def test_not_everybody_waits_for_a_silent_wechat(platform: Platform, ticket: Ticket) -> None:
    """Asked at 6,900, not for the next half minute, again at 6,930; back, it is asked at 6,960."""
    ticket(0)
    platform.away = AWAY[0]
    assert [ticket(second) for second in (6900, 6901, 6929)] == ["T1", "T1", "T1"]
    assert platform.asked == 2
    assert ticket(6930) == "T1"
    assert platform.asked == 3
    platform.away = None
    assert [ticket(second) for second in (6959, 6960)] == ["T1", "T4"]


def test_what_wechat_refused_is_not_used_again(
    platform: Platform, ticket: Ticket, credentials: Credentials
) -> None:
    ticket(0)
    platform.away = AWAY[0]
    ticket(6900)
    credentials.drop("jsapi_ticket", "T1")
    with pytest.raises(WeChatUnreachable):
        ticket(6901)

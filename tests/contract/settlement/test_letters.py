"""Letters over the wire: our counter and stream against the sandbox's settlement system."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

import pytest

from sandbox.settlement_node import SettlementNode
from services.core.clock import SystemClock
from services.settlement.adapters.bdc import BdcConfig, BdcNoticeStream
from services.settlement.adapters.bdc.letters import BdcLetterOffice
from services.settlement.letters import AccountLetter, ContactLetter, LetterNews
from services.settlement.ports import AccountChange, NodeUnavailable

NO = "C430202611230001"
LETTER = ContactLetter(
    letter_no=NO,
    written_on=date(2026, 11, 23),
    centre_code="C43010",
    centre_name="长沙住房公积金管理中心",
    member_name="张三丰",
    id_no="659999199003070014",
    former_account_no="430100123456",
)
ACCOUNT = AccountLetter(1_203_456, 1_200_000, 3_456, "2021-03", "2026-04", True, 0, False, False)


@pytest.fixture
def office(config: BdcConfig) -> BdcLetterOffice:
    return BdcLetterOffice(config, SystemClock(), "建设银行")


class Heard:
    """What came in on the notice connection."""

    def __init__(self) -> None:
        self.changes: list[AccountChange] = []
        self.news: list[LetterNews] = []


@pytest.fixture
def listening(config: BdcConfig) -> Callable[[], object]:
    @contextmanager
    def run() -> Iterator[Heard]:
        heard, stop = Heard(), threading.Event()
        stream = BdcNoticeStream(config, SystemClock(), heard.news.extend)
        thread = threading.Thread(target=stream.run, args=(heard.changes.extend, stop))
        thread.start()
        try:
            yield heard
        finally:
            stop.set()
            thread.join(timeout=5)

    return run


def test_a_letter_is_confirmed_answered_and_paid(office, node: SettlementNode, listening, wait_until) -> None:
    with listening() as heard:
        assert office.apply(LETTER).outcome == "taken"
        wait_until(lambda: heard.changes and len(heard.news) == 2)
    assert [one.step for one in heard.news] == ["confirmed", "letter"]
    assert heard.news[1].account == ACCOUNT
    change = heard.changes[0]
    assert (change.amount_fen, change.direction, change.remark) == (1_203_456, "credit", NO)
    assert (change.counter_name, change.summary) == ("长沙住房公积金管理中心", "异地转移")
    found = office.progress(NO)
    assert (found.step, found.code, found.account) == ("done", "00", ACCOUNT)
    assert node.letters.letter(NO)["former_no"] == "430100123456"


def test_the_same_number_is_one_letter(office, node: SettlementNode) -> None:
    node.letters.order({"kind": "silent"})
    assert [office.apply(LETTER).outcome for _ in range(2)] == ["taken", "taken"]
    assert node.letters.letter(NO)["received"] == 2
    other = office.apply(replace(LETTER, member_name="李四光"))
    assert (other.outcome, other.code) == ("rejected", "E2006")


def test_a_lost_answer_is_unknown_and_the_letter_is_there(office, node: SettlementNode) -> None:
    node.letters.order({"kind": "silent"})
    node.order_fault({"kind": "no_answer", "tx_code": "BDC901"})
    assert office.apply(LETTER).outcome == "unknown"
    assert office.progress(NO).step == "moving"


def test_a_letter_that_never_came_is_not_known(office, node: SettlementNode) -> None:
    node.order_fault({"kind": "drop_connection_before", "tx_code": "BDC901"})
    assert office.apply(LETTER).outcome == "unknown"
    assert office.progress(NO).step == "no_record"


def test_a_centre_that_is_not_connected(office) -> None:
    reply = office.apply(replace(LETTER, centre_code="C99990"))
    assert (reply.outcome, reply.code, reply.message) == ("rejected", "E9101", "转出中心未接入")


def test_calling_back_until_the_other_centre_has_written(office, node: SettlementNode) -> None:
    node.letters.order({"kind": "silent"})
    office.apply(LETTER)
    assert office.withdraw(NO, LETTER.written_on).outcome == "taken"
    assert office.progress(NO).step == "withdrawn"
    later = replace(LETTER, letter_no="C430202611230002")
    node.letters.order({"kind": "letter_only"})
    office.apply(later)
    node.letters.plan(later.letter_no, "letter", {})
    node.letters.work()
    reply = office.withdraw(later.letter_no, LETTER.written_on)
    assert (reply.outcome, reply.code) == ("rejected", "E9102")


def test_a_refusal_has_its_reason_both_ways(office, node: SettlementNode, listening, wait_until) -> None:
    node.letters.order({"kind": "refuse", "reason": "姓名与身份证号不符"})
    with listening() as heard:
        office.apply(LETTER)
        wait_until(lambda: heard.news)
    for news in (heard.news[0], office.progress(NO)):
        assert (news.step, news.reason) == ("refused", "姓名与身份证号不符")


def test_a_word_that_was_not_taken_up_comes_again(
    office, node: SettlementNode, config: BdcConfig, wait_until
) -> None:
    node.letters.order({"kind": "letter_only"})
    heard: list[LetterNews] = []

    def fail_once(news: list[LetterNews]) -> None:
        heard.extend(news)
        if len(heard) == 1:
            raise RuntimeError("the database was away")

    stop = threading.Event()
    stream = BdcNoticeStream(config, SystemClock(), fail_once)
    thread = threading.Thread(target=stream.run, args=(lambda changes: None, stop))
    thread.start()
    office.apply(LETTER)
    wait_until(lambda: len(heard) == 2)
    stop.set()
    thread.join(timeout=5)
    assert heard[0] == heard[1]


def test_nobody_answers(office, node: SettlementNode) -> None:
    node.go_down(5)
    assert office.apply(LETTER).outcome == "unknown"
    with pytest.raises(NodeUnavailable):
        office.progress(NO)

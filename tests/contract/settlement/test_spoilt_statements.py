"""Statements as a bank may spoil them: what the wire refuses, and what only the comparison can see."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandbox.settlement_node import SettlementNode
from services.settlement.adapters.bdc import BdcSettlementNode, StatementUnavailable
from services.settlement.ports import AccountChange

OPENING_FEN = 5_000_000_000_000
Shown = list[tuple[int, str, int]]


def shown(changes: list[AccountChange]) -> Shown:
    """Amount, number of ours and balance of each line."""
    return [(change.amount_fen, change.remark, change.balance_fen) for change in changes]


FIRST = (10_000, "A", OPENING_FEN + 10_000)
SECOND = (20_000, "B", OPENING_FEN + 30_000)
WHOLE = [FIRST, SECOND]
SPOILT: dict[str, Callable[[], Shown]] = {
    "short_statement": lambda: [FIRST],
    "doubled_line": lambda: [*WHOLE, FIRST],
    "reordered_statement": lambda: [SECOND, FIRST],
    "changed_amount": lambda: [(10_100, "A", OPENING_FEN + 10_000), SECOND],
    "swapped_numbers": lambda: [(10_000, "B", FIRST[2]), (20_000, "A", SECOND[2])],
}


@pytest.fixture
def two_lines(node: SettlementNode) -> None:
    """100.00 and 200.00 came in, remarked A and B."""
    for fen, remark in ((10_000, "A"), (20_000, "B")):
        node.books.credit(fen, "6217000000000000012", "某单位", "往来", remark)


@pytest.mark.usefixtures("two_lines")
@pytest.mark.parametrize("kind", SPOILT)
def test_a_spoilt_statement_counts_right_and_is_for_the_comparison(
    bdc: BdcSettlementNode, node: SettlementNode, kind: str
) -> None:
    """The count fits, so the wire cannot tell; the balances and the notices can."""
    day = node.books.business_day
    node.order_fault({"kind": kind})
    assert shown(bdc.statement(day)) == SPOILT[kind]()
    assert shown(bdc.statement(day)) == WHOLE


@pytest.mark.usefixtures("two_lines")
@pytest.mark.parametrize(
    ("kind", "code"), [("truncated_statement", "statement.count"), ("other_account", "statement.account")]
)
def test_a_statement_that_cannot_be_ours_or_whole_is_refused(
    bdc: BdcSettlementNode, node: SettlementNode, kind: str, code: str
) -> None:
    node.order_fault({"kind": kind})
    with pytest.raises(StatementUnavailable) as refused:
        bdc.statement(node.books.business_day)
    assert code in str(refused.value)


@pytest.mark.usefixtures("two_lines")
def test_the_live_balance_is_the_last_line_s(bdc: BdcSettlementNode, node: SettlementNode) -> None:
    """BDC123 and BDC113 tell the same: the control total of the day's end."""
    assert bdc.balance().balance_fen == bdc.statement(node.books.business_day)[-1].balance_fen

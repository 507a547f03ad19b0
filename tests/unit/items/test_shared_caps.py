"""Caps that members share 共用额度: whoever asks first, together they get the same, and never more than the rule leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from services.items.catalog import commercial_loan_withdrawal as loan
from services.items.catalog import property_fee_withdrawal as fee
from services.items.declaration import Item
from services.items.example_facts import with_account, with_usage
from services.items.facts import Facts, KeyUsage
from services.items.judging import judge
from services.items.outside import HomeLoanFacts, MarriageFacts, PropertyBillFacts
from tests.unit.items.test_every_item import policy

YUAN = st.integers(1, 10**6).map(lambda yuan: yuan * 100)
TODAY = date(2026, 11, 23)


def drawn(item: Item, facts: Facts, form: dict[str, object]) -> int:
    """All that may be drawn, or nothing when it is refused."""
    quote = judge(item, facts, item.form.model_validate(form), policy(facts.today))
    assert quote.amount is not None
    return quote.amount.max_fen if quote.allowed else 0


def both(item: Item, form: dict[str, object], first: Facts, second: Facts, *, by_key: str | None) -> int:
    """Two draw all they may, one after the other; what the first drew is pending for the second."""
    fen = drawn(item, first, form)
    if by_key is None:
        then = with_usage(second, spouse_year_fen=fen)
    else:
        then = with_usage(second, keyed=(KeyUsage(by_key, 0, 0, fen, fen, fen),))
    return fen + drawn(item, then, form)


@given(one=YUAN, other=YUAN, repaid=YUAN)
def test_a_couple_shares_what_was_repaid_on_their_loan(one: int, other: int, repaid: int) -> None:
    """min(sum of both balances less what stays, repaid), in either order."""
    base = replace(loan._FACTS, home_loan=HomeLoanFacts((replace(loan._LOAN, repaid_12m_fen=repaid),)))
    wife, husband = with_account(base, balance_fen=one), with_account(base, balance_fen=other)
    expected = min(one - 1 + other - 1, repaid)
    assert both(loan.ITEM, loan._FORM, wife, husband, by_key="l1") == expected
    assert both(loan.ITEM, loan._FORM, husband, wife, by_key="l1") == expected


@given(one=YUAN, other=YUAN, bill=st.integers(300_000, 10**6))
def test_a_household_shares_the_year_of_property_fees(one: int, other: int, bill: int) -> None:
    """min(sum of both, 3,000.00), in either order, for a bill that does not limit."""
    base = replace(
        fee._FACTS,
        marriage=MarriageFacts("20"),
        property_bill=PropertyBillFacts((replace(fee._BILL, amount_fen=bill),)),
    )
    wife, husband = with_account(base, balance_fen=one), with_account(base, balance_fen=other)
    expected = min(one - 1 + other - 1, 300_000)
    assert both(fee.ITEM, fee._FORM, wife, husband, by_key=None) == expected
    assert both(fee.ITEM, fee._FORM, husband, wife, by_key=None) == expected

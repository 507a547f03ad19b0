"""Caps that members share 共用额度: whoever asks first, together they get the same, and never more than the rule leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.items.catalog import commercial_loan_withdrawal as loan
from services.items.catalog import property_fee_withdrawal as fee
from services.items.declaration import Item
from services.items.example_facts import with_account, with_usage
from services.items.facts import Facts, KeyUsage
from services.items.judging import judge
from services.items.outside import HomeLoanFacts, MarriageFacts, PropertyBillFacts
from services.items.usage import _sum
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


def rolling_fen(on: date, today: date) -> int:
    """What a draw of 1.00 on a day counts for in the twelve months up to another."""
    return _sum("l1", [(UUID(int=1), 100, on)], UUID(int=1), today).rolling_fen


@pytest.mark.parametrize(
    ("on", "free_on"),
    [
        (date(2026, 11, 23), date(2027, 11, 23)),
        (date(2027, 2, 28), date(2028, 2, 28)),
        (date(2027, 3, 1), date(2028, 3, 1)),
        (date(2028, 2, 28), date(2029, 2, 28)),
        (date(2028, 2, 29), date(2029, 2, 28)),
        (date(2028, 3, 1), date(2029, 3, 1)),
    ],
)
def test_a_draw_counts_for_twelve_months_and_no_day_more(on: date, free_on: date) -> None:
    """The 29th of February has its year over with the last day of the next one."""
    assert rolling_fen(on, free_on - timedelta(days=1)) == 100
    assert rolling_fen(on, free_on) == 0


@example(on=date(2028, 2, 29), days=365)
@given(on=st.dates(date(2027, 1, 1), date(2033, 12, 31)), days=st.integers(0, 800))
def test_the_day_that_is_promised_is_the_day_it_counts_no_more(on: date, days: int) -> None:
    """Whoever is told from when they may draw again finds the sum of that day."""
    today = on + timedelta(days=days)
    facts = replace(with_usage(loan._FACTS, last_by_item={loan.CODE: on.isoformat()}), today=today)
    form = loan.ITEM.form.model_validate(loan._FORM)
    refused = loan.once_a_year(facts, form, policy(today)) is not None
    assert (rolling_fen(on, today) > 0) is refused

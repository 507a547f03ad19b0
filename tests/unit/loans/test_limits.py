"""The most one could borrow: every limit by hand, and that a loan of it can be repaid."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import ROOT
from services.loans.limits import Wish, affordable_fen, borrowable, household_caps
from services.loans.rules import Method, annuity_fen
from services.policies.rules import Policy, policy_on
from services.policies.service import shipped_figures

FIGURES = shipped_figures(ROOT / "config" / "policies")
TODAY = policy_on(date(2026, 11, 23), FIGURES)


def wish(**change: Any) -> Wish:
    """A first home of 850,000.00, 20 years, 10,000.00 a month."""
    plain: dict[str, Any] = {
        "price_fen": 85_000_000,
        "home": "first",
        "months": 240,
        "method": "01",
        "household": "ordinary",
        "income_fen": 1_000_000,
        "balance_fen": 5_600_000,
    }
    return Wish(**plain | change)


def limits(policy: Policy = TODAY, **change: Any) -> dict[str, int]:
    """The limits by name."""
    return {limit.code: limit.fen for limit in borrowable(wish(**change), policy).limits}


def test_the_limits_of_a_first_home() -> None:
    """Domain facts §4.4: cap 800,000; 15 % down of 850,000 leaves 722,500.

    60 % of 10,000 are 6,000.00 a month. By §4.3, 800,000 at 2.60 % for 240 months cost 4,278.30 a month, so that
    6,000.00 repay 800,000 × 6,000/4,278.30 = 1,121,940 within 2.
    """
    found = borrowable(wish(), TODAY)
    assert limits()["cap"] == 80_000_000
    assert limits()["price"] == 72_250_000
    assert limits()["income"] == pytest.approx(112_194_000, abs=200)
    assert found.most_fen == 72_200_000  # to the thousand: 722,500 → 722,000
    assert found.deciding.code == "price"
    assert "balance" not in limits()


def test_what_was_drawn_for_the_house_is_not_lent_again() -> None:
    assert limits(withdrawn_fen=2_250_000)["price"] == 70_000_000
    assert limits(withdrawn_fen=99_999_999_999)["price"] == 0
    assert borrowable(wish(withdrawn_fen=99_999_999_999), TODAY).most_fen == 0


def test_caps_by_household_and_date() -> None:
    """§4.4: 800,000, ×1.3 up to 1,000,000 for families, 1,200,000 for talents; in 2022 600,000 and 800,000."""
    assert [fen for _, _, fen, _ in household_caps(TODAY)] == [80_000_000, 100_000_000, 120_000_000]
    then = policy_on(date(2023, 1, 1), FIGURES)
    assert [fen for _, _, fen, _ in household_caps(then)] == [60_000_000, 80_000_000, 80_000_000]


def test_down_payments_by_date() -> None:
    """§4.4: 80 % and 70 % of the price by the older paper, 85 % since 2024-09-25."""
    before, since = (policy_on(day, FIGURES) for day in (date(2024, 9, 24), date(2024, 9, 25)))
    assert [limits(before, home=home)["price"] for home in ("first", "second")] == [68_000_000, 59_500_000]
    assert [limits(since, home=home)["price"] for home in ("first", "second")] == [72_250_000, 72_250_000]


def test_a_multiple_of_the_balance_where_one_is_in_force() -> None:
    """Not for Zhuzhou, where none was found; talents are free of it."""
    policy = Policy(TODAY.on, {**TODAY.values, "loan.balance_multiple": 10}, "x")
    assert limits(policy)["balance"] == 56_000_000
    assert borrowable(wish(), policy).deciding.code == "balance"
    assert "balance" not in limits(policy, household="talent")


def test_what_an_income_repays_by_equal_principal() -> None:
    """600,000 at 2.60 % for 360 months begin with 2,966.67 (§4.3): 600,000/360 + 1,300.00 = 2,966.666…"""
    assert affordable_fen(296_667, 26_000, 360, "02") == 60_000_067
    assert affordable_fen(296_666, 26_000, 360, "02") < 60_000_000
    assert affordable_fen(100, 0, 12, "01") == 1_200


@given(
    monthly=st.integers(100, 10_000_000),
    ppm=st.integers(1_000, 60_000),
    months=st.integers(1, 360),
    method=st.sampled_from(["01", "02"]),
)
def test_it_can_be_repaid_and_a_fen_of_instalment_more_could_not(
    monthly: int, ppm: int, months: int, method: Method
) -> None:
    """The instalment of the sum is within the income; the sum is the greatest but for rounding."""
    most = affordable_fen(monthly, ppm, months, method)
    if method == "01":
        assert annuity_fen(most, ppm, months) <= monthly
        assert annuity_fen(most + 2 * months, ppm, months) > monthly
    else:
        unit = 12 * 1_000_000
        assert most * (unit + months * ppm) <= monthly * months * unit
        assert (most + 1) * (unit + months * ppm) > monthly * months * unit


@given(price=st.integers(1, 10**10), income=st.integers(1, 10**9), months=st.integers(12, 360))
def test_never_over_a_limit_and_never_less_for_more(price: int, income: int, months: int) -> None:
    """The least limit rounded down to the thousand; a dearer home or a higher income never lowers it."""
    found = borrowable(wish(price_fen=price, income_fen=income, months=months), TODAY)
    least = min(limit.fen for limit in found.limits)
    assert found.most_fen <= least < found.most_fen + 100_000
    more = borrowable(wish(price_fen=price + 10_000_000, income_fen=income + 100_000, months=months), TODAY)
    assert more.most_fen >= found.most_fen

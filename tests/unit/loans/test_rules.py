"""Loans to the fen: the published vectors, small ones worked by hand, and what must always hold."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.loans.rules import (
    Level,
    Method,
    Overdue,
    Plan,
    PrepaymentTooLarge,
    RateStep,
    Rest,
    annuity_fen,
    contract_steps,
    days_30_360,
    due_dates,
    interest_fen,
    level_of,
    offset,
    payoff,
    penalty_fen,
    plan,
    prepay,
    rate_key,
    shortened_months,
    split_prepayment,
    total_interest_fen,
    whole,
)

DRAWN = date(2021, 3, 20)


def rate(ppm: int) -> tuple[RateStep, ...]:
    """One rate for ever."""
    return (RateStep(DRAWN, ppm),)


def ahead(yuan: int, ppm: int, months: int, method: Method = "01") -> Plan:
    """The plan of a loan drawn on its repayment day."""
    return plan(whole(yuan * 100, DRAWN, 20, months), method, rate(ppm))


@pytest.mark.parametrize(
    ("yuan", "ppm", "months", "first_fen", "interest", "last_fen"),
    [
        (600_000, 26_000, 360, 240_204, 26_473_347, 240_111),
        (600_000, 28_500, 360, 248_134, 29_328_490, 248_384),
        (600_000, 31_000, 360, 256_210, 32_235_504, 256_114),
        (600_000, 32_500, 360, 261_124, 34_004_515, 260_999),
        (800_000, 26_000, 360, 320_272, 35_297_804, 320_156),
        (800_000, 26_000, 240, 427_830, 22_679_334, 427_964),
        (500_000, 21_000, 60, 878_577, 2_714_627, 878_584),
        (1_000_000, 30_750, 360, 425_660, 53_237_446, 425_506),
    ],
)
def test_level_instalments(
    yuan: int, ppm: int, months: int, first_fen: int, interest: int, last_fen: int
) -> None:
    """等额本息, domain facts §4.3, table of vectors: instalment, total interest, last instalment."""
    rows = ahead(yuan, ppm, months)
    assert len(rows) == months
    assert {row.amount_fen for row in rows[:-1]} == {first_fen}
    assert total_interest_fen(rows) == interest
    assert rows[-1].amount_fen == last_fen


def test_level_principal() -> None:
    """等额本金, domain facts §4.3: P/n is rounded first, 600,000/360 = 1,666.67.

    By hand: 600,000 × 2.6 %/12 = 1,300.00, with the principal 2,966.67; then 598,333.33 × 2.6 %/12 = 1,296.39,
    2,963.06. The last principal is 600,000 − 359 × 1,666.67 = 1,665.47, its interest 3.61, together 1,669.08.
    """
    rows = ahead(600_000, 26_000, 360, "02")
    assert [rows[0].amount_fen, rows[1].amount_fen, rows[-1].amount_fen] == [296_667, 296_306, 166_908]
    assert rows[-1].principal_fen == 166_547
    assert total_interest_fen(rows) == 23_464_955


def test_three_months_by_hand() -> None:
    """1,000.00 at 2.60 % in 3 months, i = 0.00216666…

    M = 1000·i·(1+i)³/((1+i)³−1) = 334.78. Interest 2.17 (2.1667), 1.45 (667.39·i = 1.4460), 0.72 (334.06·i = 0.7238):
    principal 332.61, 333.33, and the rest 334.06, so that the last instalment is 334.78.
    """
    rows = ahead(1_000, 26_000, 3)
    assert [(row.principal_fen, row.interest_fen) for row in rows] == [
        (33_261, 217),
        (33_333, 145),
        (33_406, 72),
    ]
    assert [row.due_on for row in rows] == [date(2021, 4, 20), date(2021, 5, 20), date(2021, 6, 20)]


def after_60() -> tuple[Rest, Level]:
    """600,000 at 2.60 % for 360 months, when 60 are paid."""
    first = whole(60_000_000, DRAWN, 20, 360)
    row = plan(first, "01", rate(26_000))[59]
    return Rest(row.balance_after_fen, row.due_on, 61, first.due_on[60:]), Level(240_204, 26_000)


def test_balance_after_sixty_instalments() -> None:
    """Domain facts §4.3: 529,468.65."""
    assert after_60()[0].balance_fen == 52_946_865


def test_prepayment_with_a_lower_instalment() -> None:
    """Domain facts §4.3, 减额: 100,000 on the due date leaves 429,468.65; M = 1,948.37 for the same 300 months."""
    rest, level = after_60()
    found = prepay(rest, "01", rate(26_000), level, 10_000_000, rest.since_on, "instalment")
    assert (found.principal_fen, found.interest_fen) == (10_000_000, 0)
    assert len(found.after) == 300
    assert found.after[0].amount_fen == 194_837
    assert sum(row.principal_fen for row in found.after) == 42_946_865


def test_prepayment_with_a_shorter_term() -> None:
    """Domain facts §4.3, 缩期: n' = ln(M/(M−B·i))/ln(1+i) = 226.41 → 227; the 227th instalment is 979.95."""
    rest, level = after_60()
    found = prepay(rest, "01", rate(26_000), level, 10_000_000, rest.since_on, "term")
    assert len(found.after) == 227
    assert {row.amount_fen for row in found.after[:-1]} == {240_204}
    assert found.after[-1].amount_fen == 97_995
    assert found.after[-1].no == 287


def test_prepayment_between_due_dates() -> None:
    """提前还本 = amount ÷ (1 + i × days/30) (domain facts §4.3).

    By hand: ten days after the due date 100,072.22 pay 100,000.00 of principal and 72.22 of interest, since
    100,000 × 2.6 % / 360 × 10 = 72.2222.
    """
    rest, _ = after_60()
    on = date(2026, 3, 30)
    assert split_prepayment(10_007_222, rest, rate(26_000), on) == (10_000_000, 7_222)


def test_a_prepayment_of_everything_is_a_settlement() -> None:
    rest, level = after_60()
    with pytest.raises(PrepaymentTooLarge):
        prepay(rest, "01", rate(26_000), level, rest.balance_fen, rest.since_on, "term")


def test_level_principal_prepaid() -> None:
    """等额本金, by hand: 1,200.00 in 12 months, 400.00 prepaid at once: 100.00 a month for 8, or 66.67 for 12."""
    rest = whole(120_000, DRAWN, 20, 12)
    level = level_of(rest, "02", 26_000)
    shorter = prepay(rest, "02", rate(26_000), level, 40_000, DRAWN, "term")
    lower = prepay(rest, "02", rate(26_000), level, 40_000, DRAWN, "instalment")
    assert [row.principal_fen for row in shorter.after] == [10_000] * 8
    assert [row.principal_fen for row in lower.after] == [6_667] * 11 + [6_663]


def test_interest_of_ten_days() -> None:
    """529,468.65 × 2.60 % / 360 × 10 = 382.3940 (30/360)."""
    assert interest_fen(52_946_865, rate(26_000), date(2026, 3, 20), date(2026, 3, 30)) == 38_239


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        (date(2026, 1, 20), date(2026, 2, 20), 30),
        (date(2026, 2, 20), date(2026, 3, 20), 30),
        (date(2026, 2, 28), date(2026, 3, 1), 3),
        (date(2026, 1, 30), date(2026, 1, 31), 0),
        (date(2026, 12, 31), date(2027, 1, 1), 1),
        (date(2025, 12, 20), date(2026, 1, 1), 11),
    ],
)
def test_every_month_has_thirty_days(start: date, end: date, days: int) -> None:
    assert days_30_360(start, end) == days


def test_rate_change_on_1_january() -> None:
    """The period over 1 January is split by days, and the new instalment comes with its due date.

    By hand: 100,000.00 left on 2025-12-20, 12 months to go, 2.85 % → 2.60 % on 2026-01-01. Interest of
    2025-12-20 to 2026-01-20 is 100,000 × (2.85 % × 11 + 2.60 % × 19) / 360 = 87.0833 + 137.2222 = 224.31 (224.3056).
    M at 2.60 % for 12 months is 8,451.16 (8,451.1601), so the principal of January is 8,226.85, and the interest
    of February 91,773.15 × 2.6 %/12 = 198.84 (198.8418).
    """
    steps = (RateStep(DRAWN, 28_500), RateStep(date(2026, 1, 1), 26_000))
    rest = Rest(10_000_000, date(2025, 12, 20), 1, due_dates(date(2025, 12, 20), 20, 12))
    rows = plan(rest, "01", steps, Level(846_220, 28_500))
    assert (rows[0].interest_fen, rows[0].amount_fen, rows[0].rate_ppm) == (22_431, 845_116, 26_000)
    assert rows[1].interest_fen == 19_884
    assert {row.amount_fen for row in rows[:-1]} == {845_116}


def test_a_due_date_on_1_january_is_still_of_the_old_rate() -> None:
    """Half-open days: the period up to 1 January has none of the new year."""
    steps = (RateStep(DRAWN, 28_500), RateStep(date(2026, 1, 1), 26_000))
    rest = Rest(10_000_000, date(2025, 12, 1), 1, due_dates(date(2025, 12, 1), 1, 12))
    rows = plan(rest, "01", steps)
    assert [row.rate_ppm for row in rows[:2]] == [28_500, 26_000]
    assert rows[0].interest_fen == 23_750  # 100,000 × 2.85 % / 12
    assert rows[0].amount_fen > rows[1].amount_fen


def test_a_first_period_of_odd_length_pays_its_days_on_top() -> None:
    """Drawn on the 5th, due on the 20th of the next month: 45 days. 100,000 × 2.6 %/360 × 45 = 325.00.

    The level instalment of 12 months, 8,451.16, contains 30 days (216.67); 108.33 more make 8,559.49.
    """
    rows = plan(whole(10_000_000, date(2026, 3, 5), 20, 12), "01", (RateStep(date(2026, 3, 5), 26_000),))
    assert (rows[0].interest_fen, rows[0].amount_fen, rows[1].amount_fen) == (32_500, 855_949, 845_116)


def test_rates_of_a_contract_follow_the_published_ones_of_each_1_january() -> None:
    """Domain facts §4.2: 3.25 → 3.10 from 2023, → 2.85 from 2025, → 2.60 from 2026."""
    published = [
        (date(2015, 8, 26), 32_500),
        (date(2022, 10, 1), 31_000),
        (date(2024, 5, 18), 28_500),
        (date(2025, 5, 8), 26_000),
    ]

    def in_force(day: date) -> int:
        return max(step for step in published if step[0] <= day)[1]

    assert contract_steps(date(2020, 3, 2), 2026, in_force) == (
        RateStep(date(2020, 3, 2), 32_500),
        RateStep(date(2023, 1, 1), 31_000),
        RateStep(date(2025, 1, 1), 28_500),
        RateStep(date(2026, 1, 1), 26_000),
    )
    # One drawn after the change has the new rate at once, and nothing to change in January.
    assert contract_steps(date(2025, 6, 1), 2026, in_force) == (RateStep(date(2025, 6, 1), 26_000),)


def test_exactly_five_years_has_the_shorter_rate() -> None:
    assert rate_key("first", 60) == "loan.rate.first.to_5y_ppm"
    assert rate_key("second", 61) == "loan.rate.second.over_5y_ppm"


def test_penalty() -> None:
    """罚息 = (principal + interest) × rate/360 × 1.5 × days (domain facts §4.3).

    By hand: 2,402.04 overdue for 10 days at 2.60 %: 2,402.04 × 0.026 / 360 × 1.5 × 10 = 2.6022 → 2.60.
    """
    overdue = Overdue(61, date(2026, 4, 20), 125_485, 114_719)
    assert penalty_fen(overdue, rate(26_000), date(2026, 4, 30), 150) == 260
    assert penalty_fen(overdue, rate(26_000), date(2026, 4, 20), 150) == 0


def test_payoff_adds_up_its_parts() -> None:
    """By hand: 529,468.65 + 382.39 (10 days) + the overdue 2,402.04 + its penalty 2.60 = 532,255.68."""
    rest, _ = after_60()
    overdue = (Overdue(60, date(2026, 3, 20), 125_485, 114_719),)
    found = payoff(rest, overdue, rate(26_000), date(2026, 3, 30), 150)
    assert (found.principal_fen, found.interest_fen, found.penalty_fen) == (52_946_865, 38_239, 260)
    assert found.amount_fen == 53_225_568


@pytest.mark.parametrize(
    ("owed", "fund", "amount", "settles"),
    [
        (10_000, 10_001, 10_000, True),
        (10_000, 10_000, 9_999, False),
        (10_000, 500, 499, False),
        (10_000, 0, 0, False),
    ],
)
def test_offset_leaves_one_fen(owed: int, fund: int, amount: int, settles: bool) -> None:
    """F2 (domain facts §3.2): more owed than B − 0.01 → pay B − 0.01 as a part, else settle."""
    found = offset(owed, fund, 1)
    assert (found.amount_fen, found.settles) == (amount, settles)


def test_the_repayment_day_is_one_that_every_month_has() -> None:
    assert due_dates(date(2026, 11, 30), 28, 4)[-1] == date(2027, 3, 28)
    with pytest.raises(ValueError, match="repayment day"):
        due_dates(date(2026, 11, 30), 31, 4)


PRINCIPALS = st.integers(1_000_000, 200_000_000)
RATES = st.sampled_from([21_000, 23_500, 26_000, 28_500, 30_750, 31_000, 32_500, 35_750])
MONTHS = st.integers(12, 360)
METHODS = st.sampled_from(["01", "02"])


@settings(max_examples=40, deadline=None)
@given(PRINCIPALS, RATES, RATES, MONTHS, METHODS, st.integers(1, 28))
def test_a_plan_repays_the_principal_and_never_goes_below_zero(
    principal: int, ppm: int, later: int, months: int, method: Method, day: int
) -> None:
    steps = (RateStep(DRAWN, ppm), RateStep(date(2023, 1, 1), later))
    rows = plan(whole(principal, DRAWN, day, months), method, steps)
    assert sum(row.principal_fen for row in rows) == principal
    assert rows[-1].balance_after_fen == 0
    assert all(row.principal_fen >= 0 and row.interest_fen >= 0 for row in rows)
    balances = [row.balance_after_fen for row in rows]
    assert balances == sorted(balances, reverse=True)
    assert [row.no for row in rows] == list(range(1, len(rows) + 1))


@settings(max_examples=40, deadline=None)
@given(PRINCIPALS, RATES, MONTHS, METHODS, st.integers(1, 90), st.integers(0, 29))
def test_shortening_costs_no_more_interest_than_lowering_and_both_less_than_going_on(
    principal: int, ppm: int, months: int, method: Method, percent: int, days: int
) -> None:
    rest = whole(principal, DRAWN, 20, months)
    level = level_of(rest, method, ppm)
    on = date(2021, 3 + (days >= 11), 20 + days if days < 11 else days - 10)
    amount = principal * percent // 100
    shorter = prepay(rest, method, rate(ppm), level, amount, on, "term")
    lower = prepay(rest, method, rate(ppm), level, amount, on, "instalment")
    assert total_interest_fen(shorter.after) <= total_interest_fen(lower.after)
    assert shorter.saved_fen >= lower.saved_fen >= 0
    assert len(shorter.after) <= len(lower.after) <= months
    for found in (shorter, lower):
        assert found.amount_fen == amount
        assert sum(row.principal_fen for row in found.after) == principal - found.principal_fen


@settings(max_examples=60, deadline=None)
@given(PRINCIPALS, RATES, MONTHS, st.integers(5, 95))
def test_the_shortened_term_is_the_fewest_months(principal: int, ppm: int, months: int, percent: int) -> None:
    level = Level(annuity_fen(principal, ppm, months), ppm)
    left = principal * percent // 100
    fewest = shortened_months(left, level, "01", months)
    assert annuity_fen(left, ppm, fewest) <= level.fen
    assert fewest == 1 or annuity_fen(left, ppm, fewest - 1) >= level.fen


@given(
    st.integers(0, 10**9), RATES, st.dates(DRAWN, date(2030, 1, 1)), st.integers(0, 400), st.integers(0, 400)
)
def test_interest_by_day_adds_up(balance: int, ppm: int, start: date, a: int, b: int) -> None:
    """Any split of a period gives the same interest but for the rounding of each part."""
    steps = (RateStep(DRAWN, ppm), RateStep(date(2026, 1, 1), 26_000))
    middle, end = date.fromordinal(start.toordinal() + a), date.fromordinal(start.toordinal() + a + b)
    parts = interest_fen(balance, steps, start, middle) + interest_fen(balance, steps, middle, end)
    assert abs(parts - interest_fen(balance, steps, start, end)) <= 1


@given(st.integers(1, 10**8), RATES, st.integers(0, 300))
def test_penalty_grows_with_the_days(unpaid: int, ppm: int, days: int) -> None:
    overdue = Overdue(1, DRAWN, unpaid, 0)
    on = date.fromordinal(DRAWN.toordinal() + days)
    later = date.fromordinal(on.toordinal() + 1)
    assert penalty_fen(overdue, rate(ppm), on, 150) <= penalty_fen(overdue, rate(ppm), later, 150)

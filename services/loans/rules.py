"""Arithmetic of loans 贷款计算: plan, interest by day, change of rate, prepayment, penalty, settlement.

Amounts are whole fen, rates parts per million a year (2.60 % = 26000), days 30/360. Every interest is rounded
half up once; the last instalment takes the rest. Every instalment repays at least a fen of principal, so a rest of a
few fen ends before its term.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal

from services.core.money import half_up

Method = Literal["01", "02"]
"""A.11: 01 等额本息, 02 等额本金."""
Change = Literal["instalment", "term"]
"""What a partial prepayment makes smaller: the instalment 减额 or the term 缩期."""
_YEAR = 360 * 1_000_000
_SHORT_MONTHS = 60
_LEAST_FEN = 1
"""Of principal in an instalment: one of nothing could neither be taken nor booked."""


@dataclass(frozen=True, slots=True)
class RateStep:
    """The yearly rate from one day on."""

    from_on: date
    ppm: int


@dataclass(frozen=True, slots=True)
class Level:
    """What stays the same from instalment to instalment: the instalment (01) or its principal (02)."""

    fen: int
    ppm: int
    """The rate it was worked out at; another rate calls for another instalment (01)."""


@dataclass(frozen=True, slots=True)
class Rest:
    """What is left of a loan: principal not due yet, the day interest runs from, and the due dates ahead."""

    balance_fen: int
    since_on: date
    first_no: int
    due_on: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Instalment:
    """One instalment 一期还款."""

    no: int
    due_on: date
    rate_ppm: int
    level_fen: int
    """The level it was worked out with; see Level."""
    principal_fen: int
    interest_fen: int
    balance_after_fen: int

    @property
    def amount_fen(self) -> int:
        """Principal and interest."""
        return self.principal_fen + self.interest_fen


Plan = tuple[Instalment, ...]


def days_30_360(start: date, end: date) -> int:
    """Days of [start, end) when every month has 30; the 31st counts as the 30th. Additive over any split."""
    return _day_number(end) - _day_number(start)


def _day_number(day: date) -> int:
    return day.year * 360 + day.month * 30 + min(day.day, 30)


def rate_on(steps: Sequence[RateStep], day: date) -> int:
    """The rate of a day: the last step on or before it; before the first step, the first."""
    known = [step for step in steps if step.from_on <= day]
    return max(known, key=lambda step: step.from_on).ppm if known else steps[0].ppm


def contract_steps(drawn_on: date, until_year: int, in_force: Callable[[date], int]) -> tuple[RateStep, ...]:
    """Rates of a contract: that of the day it was drawn, then on each 1 January the published one of that day."""
    steps = [RateStep(drawn_on, in_force(drawn_on))]
    for year in range(drawn_on.year + 1, until_year + 1):
        published = in_force(date(year, 1, 1))
        if published != steps[-1].ppm:
            steps.append(RateStep(date(year, 1, 1), published))
    return tuple(steps)


def rate_key(home: str, months: int) -> str:
    """Name of the policy figure for a first or second home; a term of exactly 5 years has the shorter one's rate."""
    return f"loan.rate.{home}.{'to_5y' if months <= _SHORT_MONTHS else 'over_5y'}_ppm"


def _weight(steps: Sequence[RateStep], start: date, end: date) -> int:
    """Days of [start, end) times the rate of each: a period over 1 January is split by days."""
    borders = sorted({start, end, *(step.from_on for step in steps if start < step.from_on < end)})
    return sum(days_30_360(a, b) * rate_on(steps, a) for a, b in pairwise(borders))


def interest_fen(balance_fen: int, steps: Sequence[RateStep], start: date, end: date) -> int:
    """Interest of [start, end) on a balance, by day; none when the end is not after the start."""
    return half_up(balance_fen * _weight(steps, start, end), _YEAR) if start < end else 0


def month_after(day: date, months: int) -> tuple[int, int]:
    """Year and month so many months later."""
    index = day.year * 12 + day.month - 1 + months
    return index // 12, index % 12 + 1


def due_dates(drawn_on: date, repayment_day: int, months: int) -> tuple[date, ...]:
    """Repayment day 约定还款日 (1–28) of each month after the one the loan was drawn in."""
    if not 1 <= repayment_day <= 28:
        raise ValueError("the repayment day is one that every month has")
    return tuple(date(*month_after(drawn_on, k), repayment_day) for k in range(1, months + 1))


def whole(principal_fen: int, drawn_on: date, repayment_day: int, months: int) -> Rest:
    """A loan on the day it is drawn."""
    return Rest(principal_fen, drawn_on, 1, due_dates(drawn_on, repayment_day, months))


def annuity_fen(balance_fen: int, ppm: int, months: int) -> int:
    """Instalment M of 等额本息: P·i·(1+i)^n / ((1+i)^n − 1), i a twelfth of the yearly rate, worked out exactly."""
    if ppm == 0:
        return half_up(balance_fen, months)
    unit = 12 * 1_000_000
    grown, whole_unit = (unit + ppm) ** months, unit**months
    return half_up(balance_fen * ppm * grown, unit * (grown - whole_unit))


def level_of(rest: Rest, method: Method, ppm: int) -> Level:
    """The instalment (01) or its principal (02, rounded first) for what is left at a rate."""
    months = len(rest.due_on)
    fen = annuity_fen(rest.balance_fen, ppm, months) if method == "01" else half_up(rest.balance_fen, months)
    return Level(max(_LEAST_FEN, fen), ppm)


def plan(rest: Rest, method: Method, steps: Sequence[RateStep], level: Level | None = None) -> Plan:
    """The instalments ahead. A given level is kept, until a change of rate asks for another instalment (01)."""
    rows: list[Instalment] = []
    while rest.due_on and rest.balance_fen > 0:
        # A rate of 1 January brings the new instalment with the first due date after it.
        ppm = rate_on(steps, rest.due_on[0] - timedelta(days=1))
        if level is None or (method == "01" and level.ppm != ppm):
            level = level_of(rest, method, ppm)
        row = _instalment(rest, method, steps, Level(level.fen, ppm))
        rows.append(row)
        rest = Rest(row.balance_after_fen, row.due_on, row.no + 1, rest.due_on[1:])
    return tuple(rows)


def _instalment(rest: Rest, method: Method, steps: Sequence[RateStep], level: Level) -> Instalment:
    due_on = rest.due_on[0]
    interest = interest_fen(rest.balance_fen, steps, rest.since_on, due_on)
    if len(rest.due_on) == 1:
        wanted = rest.balance_fen
    elif method == "02":
        wanted = level.fen
    else:
        wanted = level.fen - _interest_within(rest, level, interest)
    principal = min(max(_LEAST_FEN, wanted), rest.balance_fen)
    return Instalment(
        rest.first_no, due_on, level.ppm, level.fen, principal, interest, rest.balance_fen - principal
    )


def _interest_within(rest: Rest, level: Level, interest: int) -> int:
    """Interest that the level instalment contains: a first period of odd length pays its days on top."""
    if days_30_360(rest.since_on, rest.due_on[0]) == 30:
        return interest
    return half_up(rest.balance_fen * level.ppm * 30, _YEAR)


def total_interest_fen(rows: Plan) -> int:
    """Interest of all instalments."""
    return sum(row.interest_fen for row in rows)


def shortened_months(balance_fen: int, level: Level, method: Method, at_most: int) -> int:
    """缩期: the fewest months that the same level pays the balance in, n' = ln(M/(M−B·i))/ln(1+i) rounded up."""
    if method == "02":
        return max(1, min(at_most, -(-balance_fen // level.fen)))
    fewest, most = 1, at_most
    while fewest < most:
        middle = (fewest + most) // 2
        if _covers(level, balance_fen, middle):
            most = middle
        else:
            fewest = middle + 1
    return fewest


def _covers(level: Level, balance_fen: int, months: int) -> bool:
    """Whether so many instalments are worth the balance: M·((1+i)^n − 1) ≥ B·i·(1+i)^n, in whole numbers."""
    if level.ppm == 0:
        return level.fen * months >= balance_fen
    unit = 12 * 1_000_000
    grown, whole_unit = (unit + level.ppm) ** months, unit**months
    return bool(level.fen * unit * (grown - whole_unit) >= balance_fen * level.ppm * grown)


@dataclass(frozen=True, slots=True)
class Prepayment:
    """A partial prepayment worked out: what is paid, and the plan after it beside the one before."""

    on: date
    change: Change
    principal_fen: int
    interest_fen: int
    level: Level
    before: Plan
    after: Plan

    @property
    def amount_fen(self) -> int:
        """What is paid on the day."""
        return self.principal_fen + self.interest_fen

    @property
    def saved_fen(self) -> int:
        """Interest that need not be paid any more."""
        return total_interest_fen(self.before) - total_interest_fen(self.after) - self.interest_fen


class PrepaymentTooLarge(ValueError):
    """It would pay everything: that is a full settlement."""


def split_prepayment(amount_fen: int, rest: Rest, steps: Sequence[RateStep], on: date) -> tuple[int, int]:
    """提前还本 = amount ÷ (1 + monthly rate × days/30), and the interest on it up to the day."""
    weight = _weight(steps, rest.since_on, on) if rest.since_on < on else 0
    principal = half_up(amount_fen * _YEAR, _YEAR + weight)
    return principal, amount_fen - principal


def prepay(
    rest: Rest,
    method: Method,
    steps: Sequence[RateStep],
    level: Level,
    amount_fen: int,
    on: date,
    change: Change,
) -> Prepayment:
    """Pay part of the principal ahead on a day, with nothing overdue. Raises PrepaymentTooLarge."""
    principal, interest = split_prepayment(amount_fen, rest, steps, on)
    if principal >= rest.balance_fen:
        raise PrepaymentTooLarge
    before = plan(rest, method, steps, level)
    left = replace(rest, balance_fen=rest.balance_fen - principal)
    ppm = rate_on(steps, rest.due_on[0] - timedelta(days=1))
    kept = level if method == "02" or level.ppm == ppm else level_of(rest, method, ppm)
    if change == "term":
        months = shortened_months(left.balance_fen, kept, method, len(left.due_on))
        left = replace(left, due_on=left.due_on[:months])
    else:
        kept = level_of(left, method, ppm)
    return Prepayment(on, change, principal, interest, kept, before, plan(left, method, steps, kept))


@dataclass(frozen=True, slots=True)
class Overdue:
    """An instalment not paid on its day."""

    no: int
    due_on: date
    principal_fen: int
    interest_fen: int


def penalty_fen(overdue: Overdue, steps: Sequence[RateStep], on: date, percent: int) -> int:
    """罚息 = (overdue principal + interest) × yearly rate/360 × percent × days from the due date to the day."""
    if on <= overdue.due_on:
        return 0
    unpaid = overdue.principal_fen + overdue.interest_fen
    return half_up(unpaid * _weight(steps, overdue.due_on, on) * percent, _YEAR * 100)


@dataclass(frozen=True, slots=True)
class Payoff:
    """Full settlement 提前结清 on a day, by parts."""

    on: date
    principal_fen: int
    interest_fen: int
    overdue_principal_fen: int
    overdue_interest_fen: int
    penalty_fen: int

    @property
    def amount_fen(self) -> int:
        """All of it."""
        return (
            self.principal_fen
            + self.interest_fen
            + self.overdue_principal_fen
            + self.overdue_interest_fen
            + self.penalty_fen
        )


def payoff(
    rest: Rest, overdue: Sequence[Overdue], steps: Sequence[RateStep], on: date, penalty_percent: int
) -> Payoff:
    """What settles the loan on a day: principal, interest to the day, what is overdue, and its penalty."""
    return Payoff(
        on,
        rest.balance_fen,
        interest_fen(rest.balance_fen, steps, rest.since_on, on),
        sum(row.principal_fen for row in overdue),
        sum(row.interest_fen for row in overdue),
        sum(penalty_fen(row, steps, on, penalty_percent) for row in overdue),
    )


@dataclass(frozen=True, slots=True)
class Offset:
    """What the fund pays on the loan 冲还贷: all of it, or as much as the fund may give."""

    amount_fen: int
    settles: bool


def offset(payoff_fen: int, available_fen: int, leave_fen: int) -> Offset:
    """F2: settle when the fund covers it and keeps `leave_fen` (0.01 yuan), else pay what is above that."""
    most = max(0, available_fen - leave_fen)
    return Offset(most, False) if payoff_fen > most else Offset(payoff_fen, True)

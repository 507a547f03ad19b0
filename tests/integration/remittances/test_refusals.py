"""What a batch is refused for: each code by the one thing that is wrong, and nothing posted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import text

from services.core.db import transaction
from services.remittances.faults import TEXTS
from services.remittances.models import Employer
from services.remittances.service import Filed
from tests.support.domain.remittances import Unit
from tests.support.domain.world import World
from tests.support.remittance_files import Entry

Wrong = Callable[[Unit], Filed]


def faults(filed: Filed) -> list[tuple[int, str]]:
    """Line and code."""
    assert all(one.text for one in filed.faults)
    return [(one.line_no, one.code) for one in filed.faults]


def second(unit: Unit, **changed: object) -> Filed:
    """The second line says something else."""
    unit.entries[1] = replace(unit.entries[1], **changed)  # type: ignore[arg-type]
    return unit.file()


def with_account(unit: Unit, change: str) -> Filed:
    """The centre's record of the second person says something else while the file is checked."""
    with transaction(unit.world.sessions) as session:
        session.execute(
            text(f"UPDATE provident_fund_account SET {change} WHERE account_id = :a"), {"a": unit.accounts[1]}
        )
    filed = unit.file()
    with transaction(unit.world.sessions) as session:
        back = (
            "UPDATE provident_fund_account SET state = '01', opened_on = '2020-01-01' WHERE account_id = :a"
        )
        session.execute(text(back), {"a": unit.accounts[1]})
    return filed


def with_employer(unit: Unit, **changed: object) -> Filed:
    """The employer's own record says something else."""
    with transaction(unit.world.sessions) as session:
        row = session.get_one(Employer, unit.employer_id)
        for name, value in changed.items():
            setattr(row, name, value)
    return unit.file()


def foreign(unit: Unit) -> Filed:
    """Somebody of another employer is in the file."""
    other = Unit(unit.world, people=1)
    unit.entries[1] = other.entries[0]
    return unit.file()


LINES: dict[str, Wrong] = {
    "account_unknown": lambda unit: second(unit, account_no="9900000000001"),
    "person_differs": lambda unit: second(unit, id_no="659999199003070014"),
    "employer_differs": foreign,
    "base_differs": lambda unit: second(unit, base_fen=900_000, unit_fen=90_000, member_fen=90_000),
    "unit_share": lambda unit: second(unit, unit_fen=100_001),
    "member_share": lambda unit: second(unit, member_fen=99_999),
}
STATES = {
    "account_sealed": "state = '02'",
    "account_frozen": "state = '06'",
    "account_closed": "state = '05'",
}
WHOLE: dict[str, Wrong] = {
    "employer_state": lambda unit: with_employer(unit, state="03"),
    "month_order": lambda unit: with_employer(unit, paid_through=date(2026, 9, 1)),
    "month_future": lambda unit: unit.file(month="2026-12"),
    "month_not_behind": lambda unit: unit.file(kind="02"),
}


@pytest.mark.parametrize("code", LINES)
def test_a_line_that_is_wrong(unit: Unit, code: str) -> None:
    filed = LINES[code](unit)
    assert (filed.state, faults(filed)) == ("refused", [(2, code)])
    assert unit.pay(filed.total_fen, filed.batch_no) == "remittance_open"
    assert unit.funds() == [400_000] * 3


@pytest.mark.parametrize("code", STATES)
def test_an_account_that_takes_no_money(unit: Unit, code: str) -> None:
    filed = with_account(unit, STATES[code])
    assert (filed.state, faults(filed)) == ("refused", [(0, "people_more"), (2, code)])


def test_an_account_of_a_later_month(unit: Unit) -> None:
    assert faults(with_account(unit, "opened_on = '2026-12-01'")) == [(2, "account_later")]


@pytest.mark.parametrize("code", WHOLE)
def test_a_batch_that_is_wrong_as_a_whole(unit: Unit, code: str) -> None:
    filed = WHOLE[code](unit)
    assert (filed.state, faults(filed)) == ("refused", [(0, code)])


def test_bases_beside_the_limits(world: World) -> None:
    """2,199.99 and 32,744.01 at 10 %: the shares are right, the bases are not."""
    unit = Unit(world, people=0)
    unit.hire(base_fen=219_999, months=0)
    unit.hire(base_fen=3_274_401, months=0)
    unit.entries = [
        Entry(unit.entries[0].account_no, unit.entries[0].id_no, 219_999, 21_999, 21_999),
        Entry(unit.entries[1].account_no, unit.entries[1].id_no, 3_274_401, 327_440, 327_440),
    ]
    assert faults(unit.file()) == [(1, "base_low"), (2, "base_high")]


def test_bases_on_the_limits_and_the_ceiling_of_a_month(world: World) -> None:
    """32,744.00 at 12 % is 3,929.28 a side; 7,858.00 a month at most, so 3,929.00."""
    unit = Unit(world, people=0)
    unit.hire(base_fen=220_000, rate_percent=12, months=0)
    unit.hire(base_fen=3_274_400, rate_percent=12, months=0)
    low, high = unit.entries
    unit.entries = [
        replace(low, base_fen=220_000, unit_fen=26_400, member_fen=26_400),
        replace(high, base_fen=3_274_400, unit_fen=392_928, member_fen=392_900),
    ]
    assert faults(unit.file(percent=12)) == [(2, "unit_share")]
    unit.entries[1] = replace(unit.entries[1], unit_fen=392_900)
    assert unit.file(percent=12).state == "waiting"


@pytest.mark.parametrize("percent", [4, 13])
def test_ratios_beside_the_limits(unit: Unit, percent: int) -> None:
    shares = {"unit_fen": 10_000 * percent, "member_fen": 10_000 * percent}
    unit.entries = [replace(entry, **shares) for entry in unit.entries]
    found = faults(unit.file(percent=percent))
    assert found == [(0, "percent_range"), *((line, "percent_differs") for line in (1, 2, 3))]


def test_a_month_without_rules(unit: Unit) -> None:
    assert faults(unit.file(month="2025-12", kind="02")) == [(0, "month_unknown")]


def test_a_month_that_was_paid(unit: Unit) -> None:
    """October was paid in the history; a back payment of it is refused for everybody."""
    assert faults(unit.file(month="2026-10", kind="02")) == [(line, "month_paid") for line in (1, 2, 3)]


def test_a_back_payment_of_a_month_that_was_left_out(unit: Unit) -> None:
    """August on a base of 8,000.00, though 10,000.00 is on the record now: 800.00 a side."""
    unit.entries = [
        replace(entry, base_fen=800_000, unit_fen=80_000, member_fen=80_000) for entry in unit.entries
    ]
    filed = unit.file(month="2026-08", kind="02")
    assert filed.state == "waiting"
    unit.pay(480_000, filed.batch_no)
    assert unit.post(filed.batch_id) == "posted"
    assert unit.funds() == [560_000] * 3
    with transaction(unit.world.sessions) as session:
        assert session.get_one(Employer, unit.employer_id).paid_through is None


def test_a_refused_file_can_be_put_right_and_filed_again(unit: Unit) -> None:
    right = unit.entries[1]
    assert second(unit, unit_fen=100_001).state == "refused"
    unit.entries[1] = right
    assert unit.file().state == "waiting"


def test_every_code_has_its_words() -> None:
    shown = {*LINES, *STATES, *WHOLE}
    assert shown <= set(TEXTS)

"""Breaks: each kind of disagreement is found as what it is, books nothing by itself, and is closed by two people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from services.core.db import transaction
from services.core.ids import new_id
from services.settlement.ports import AccountChange
from services.staff.service import disable
from tests.support.domain.bank_days import ClosingWorld, close_break, of_somebody
from tests.support.domain.desk import Colleague, DeskWorld
from tests.support.domain.fakes import movement
from tests.support.domain.persons import Person
from tests.support.domain.world import World

PAID = 300_000
Lines = list[AccountChange]


@pytest.fixture
def days(world: World) -> ClosingWorld:
    """A world whose days end."""
    return ClosingWorld(world)


def other_ref(lines: Lines) -> Lines:
    """The two numbers of ours are swapped."""
    first, second = lines
    return [replace(first, summary=second.summary), replace(second, summary=first.summary)]


SPOILT: dict[str, tuple[Callable[[Lines], Lines], list[str]]] = {
    "as it was": (lambda lines: lines, []),
    "other order": (lambda lines: lines[::-1], []),
    "a line is missing": (lambda lines: lines[1:], ["control_differs", "ours_only"]),
    "the last line is missing": (lambda lines: lines[:-1], ["control_differs", "ours_only"]),
    "a line twice": (lambda lines: [*lines, lines[0]], ["control_differs", "duplicate_line"]),
    "another amount": (
        lambda lines: [replace(lines[0], amount_fen=PAID - 100), *lines[1:]],
        ["amount_differs", "control_differs"],
    ),
    "numbers swapped": (other_ref, ["reference_differs", "reference_differs"]),
}


def test_what_is_wrong_with_a_statement_is_named_and_books_nothing(days: ClosingWorld) -> None:
    """Each day two payments told of by notices and a statement of its own; imported again, the books stay."""
    expected = {}
    members = [days.world.member() for _ in range(2 * len(SPOILT))]
    for number, (spoil, kinds) in enumerate(SPOILT.values()):
        days.paid(members[2 * number])
        days.paid(members[2 * number + 1])
        day = days.today
        days.next_day()
        days.bank.spoilt[day] = spoil(days.bank.statement(day))
        expected[day] = kinds
        before = days.journals()
        days.run()
        assert days.journals() == before
    assert days.run() == []
    found: dict[object, list[str]] = {day: [] for day in expected}
    for row in days.breaks():
        found[row.day] = sorted([*found[row.day], row.kind])
    assert found == expected
    assert days.journals() == before


def test_a_line_on_the_next_day_is_a_shift_on_both(days: ClosingWorld) -> None:
    """Told of on Monday, on Tuesday's statement: Monday lacks it, Tuesday repeats it, together nothing."""
    _, change = days.paid()
    days.next_day()
    days.bank.lines.clear()
    days.bank.book(replace(change, day=days.today))
    days.run()
    assert days.kinds() == ["ours_only"]
    days.next_day()
    days.run()
    assert days.kinds() == ["ours_only", "shifted_day"]
    found = days.breaks()
    assert sum(row.bank_fen - row.book_fen for row in found) == 0


def test_a_day_that_waits_for_a_shift_is_corrected_once(
    days: ClosingWorld, anna: Colleague, boris: Colleague
) -> None:
    """3,000.00 of 56,000.00 left the bank, a day later than it said: run anew and again, and both breaks booked."""
    monday = days.today
    _, change = days.paid()
    days.next_day()
    days.bank.lines.clear()
    days.bank.book(replace(change, day=days.today))
    days.run()
    days.next_day()
    for _ in range(3):
        assert days.run() == []
    for row in days.breaks():
        close_break(anna, boris, row.break_id, "booked")
    assert days.run() == [monday, monday + timedelta(days=1)]
    booked = days.rows("SELECT sum(fen) AS fen FROM posting WHERE gl_code = '101'")
    assert booked[0].fen == 5_600_000 - PAID


def test_an_order_the_bank_never_booked_or_paid_to_another_card_is_not_reversed(days: ClosingWorld) -> None:
    """Accepted on Monday, and paid under our number to somebody else: the case stays accepted and people look.

    On no other statement until Tuesday's is final: a second break, and the hold stays.
    """
    member = days.world.member()
    application = days.world.approved(member)
    days.world.run_jobs(member.account_id, "settlement.dispatch", rounds=1)
    order = days.world.node.sent[-1]
    days.tell(days.bank.book(replace(movement(order), counter_account_no="6217000000000009999")))
    days.next_day()
    assert days.run() == []
    assert days.kinds() == ["payee_differs"]
    days.next_day()
    assert days.run() == []
    assert days.kinds() == ["payee_differs", "status_differs"]
    assert days.world.state(application) == ("accepted", "accepted")
    assert days.world.balance(member)[1] == PAID


def test_unclaimed_money_is_booked_by_two_and_the_day_closes(
    days: ClosingWorld, anna: Colleague, boris: Colleague
) -> None:
    """123.45: Dr 101, Cr 21903 on the day itself; then bank and books agree without anything carried."""
    day = days.today
    days.bank.book(of_somebody(day))
    days.next_day()
    assert days.run() == []
    (row,) = days.breaks()
    assert (row.kind, row.bank_fen, row.book_fen) == ("bank_only", 12_345, 0)
    close_break(anna, boris, row.break_id, "booked")
    assert days.run() == [day]
    booked = days.rows(
        "SELECT gl_code, fen, accounting_on FROM posting JOIN journal USING (account_id, journal_id)"
        " WHERE kind = 'bank_break' ORDER BY gl_code"
    )
    assert [(one.gl_code, one.fen, one.accounting_on) for one in booked] == [
        ("101", 12_345, day),
        ("21903", -12_345, day),
    ]
    closed = days.rows("SELECT * FROM business_day WHERE day = :day", day=day)[0]
    assert (closed.carried_fen, closed.book_closing_fen) == (0, 12_345)


def test_what_is_explained_is_carried_with_its_name(
    days: ClosingWorld, anna: Colleague, boris: Colleague
) -> None:
    """A line the bank lost: the books have 3,000.00 less than the bank, and the closed day says so."""
    _, change = days.paid()
    day = days.today
    days.bank.lines.remove(change)
    days.next_day()
    assert days.run() == []
    (row,) = days.breaks()
    assert (row.kind, row.bank_fen, row.book_fen) == ("ours_only", 0, -PAID)
    close_break(anna, boris, row.break_id)
    assert days.run() == [day]
    closed = days.rows("SELECT carried_fen FROM business_day WHERE day = :day", day=day)[0]
    assert closed.carried_fen == PAID


def test_a_return_without_our_number_is_claimed_for_its_payment(
    days: ClosingWorld, anna: Colleague, boris: Colleague
) -> None:
    """退汇 three days later, without remark: two people name the case, and the money is the member's again."""
    member = days.world.member()
    order, _ = days.paid(member)
    days.next_day()
    assert len(days.run()) == 1
    day = days.today
    days.bank.book(replace(of_somebody(day, PAID), summary="退汇 收款账户不符"))
    days.next_day()
    assert days.run() == []
    (row,) = days.breaks()
    anna.sign_in()
    boris.sign_in()
    assert anna.post(f"/breaks/{row.break_id}/take").status_code == 303
    refused = anna.post(
        f"/breaks/{row.break_id}/proposal",
        resolution="belongs",
        note="金额对得上",
        belongs_to="209912310000001",
    )
    assert refused.status_code == 409
    proposed = anna.post(
        f"/breaks/{row.break_id}/proposal",
        resolution="belongs",
        note="金额对得上",
        belongs_to=order.instruction_no,
    )
    assert proposed.status_code == 303
    assert boris.post(f"/breaks/{row.break_id}/decision", outcome="confirm").status_code == 303
    assert days.run() == [day]
    state = days.rows(
        "SELECT state FROM payment_instruction WHERE instruction_no = :n", n=order.instruction_no
    )
    assert state[0].state == "returned"
    assert days.world.balance(member) == (5_600_000, 0)


def test_nobody_says_that_money_is_their_own_return(
    days: ClosingWorld, desk: DeskWorld, boris: Colleague
) -> None:
    """Money from nobody known, of just the amount: whose payment it is said to be, neither proposes nor confirms."""
    member = days.world.member()
    order, _ = days.paid(member)
    days.bank.book(of_somebody(days.today, PAID))
    days.next_day()
    days.run()
    (row,) = days.breaks()
    path, own = f"/breaks/{row.break_id}", desk.colleague(id_no=member.person.id_no).sign_in()
    boris.sign_in()
    claim = {"resolution": "belongs", "note": "金额对得上", "belongs_to": order.instruction_no}
    assert own.post(f"{path}/take").status_code == 303
    assert own.post(f"{path}/proposal", **claim).status_code == 403
    assert own.post(f"{path}/release").status_code == 303
    assert boris.post(f"{path}/take").status_code == 303
    assert boris.post(f"{path}/proposal", **claim).status_code == 303
    assert own.post(f"{path}/decision", outcome="confirm").status_code == 403
    assert days.world.balance(member)[0] == 5_600_000 - PAID


def test_what_is_booked_while_the_day_is_worked_is_in_its_balance(
    days: ClosingWorld, anna: Colleague, boris: Colleague, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two people book a break after the trial balance and before the closing: the day closes with it, a run later."""
    day = days.today
    days.bank.book(of_somebody(day))
    days.next_day()
    assert days.run() == []
    (row,) = days.breaks()
    steps = days.closing._steps
    seal = steps["seal"]

    def meanwhile(on: date) -> dict[str, Any]:
        close_break(anna, boris, row.break_id, "booked")
        return seal(on)

    with monkeypatch.context() as patch:
        patch.setitem(steps, "seal", meanwhile)
        assert days.run() == []
    assert days.steps(day)["close"] == "waits books.moved"
    assert days.run() == [day]
    kept = days.rows("SELECT movement_fen FROM ledger_day WHERE day = :d AND gl_code = '101'", d=day)
    assert kept[0].movement_fen == 12_345


def one_break(days: ClosingWorld) -> str:
    """Money of somebody that nobody booked; the address of its break."""
    days.bank.book(of_somebody(days.today))
    days.next_day()
    days.run()
    (row,) = days.breaks()
    return f"/breaks/{row.break_id}"


def test_nobody_closes_what_they_proposed(days: ClosingWorld, anna: Colleague, boris: Colleague) -> None:
    path = one_break(days)
    anna.sign_in()
    boris.sign_in()
    assert anna.post(f"{path}/proposal", resolution="explained", note="还没领取").status_code == 403
    assert anna.post(f"{path}/take").status_code == 303
    assert boris.post(f"{path}/take").status_code == 409
    assert boris.post(f"{path}/proposal", resolution="explained", note="别人领的").status_code == 403
    assert anna.post(f"{path}/proposal", resolution="explained", note="已和银行核对").status_code == 303
    assert anna.post(f"{path}/decision", outcome="confirm").status_code == 403
    assert boris.post(f"{path}/decision", outcome="send_back", note="请附回单").status_code == 303
    assert [one.state for one in days.breaks()] == ["taken"]
    history = days.rows("SELECT event FROM break_event ORDER BY seq")
    assert [one.event for one in history] == ["found", "take", "propose", "send_back"]


def test_a_new_login_is_no_second_person(days: ClosingWorld, desk: DeskWorld, boris: Colleague) -> None:
    """Proposed under the old login, neither confirmed nor sent back under the new one; a colleague sends it back."""
    path, id_no = one_break(days), Person().id_no
    first = desk.colleague(id_no=id_no).sign_in()
    assert first.post(f"{path}/take").status_code == 303
    assert first.post(f"{path}/proposal", resolution="explained", note="已和银行核对").status_code == 303
    again = desk.come_back(first, id_no).sign_in()
    boris.sign_in()
    seen = boris.seen(path)
    assert "自己不能复核自己的意见" in again.client.get(path).get_data(as_text=True)
    for outcome in ("confirm", "send_back"):
        own = again.client.post(
            f"{path}/decision",
            data={**seen, "outcome": outcome, "note": "请附回单", "mark": again.mark("/queue")},
        )
        assert own.status_code == 403
        assert "自己" in own.get_data(as_text=True)
    assert [one.state for one in days.breaks()] == ["proposed"]
    assert boris.post(f"{path}/decision", outcome="send_back", note="请附回单").status_code == 303
    assert [one.state for one in days.breaks()] == ["taken"]


def test_the_word_of_who_has_left_is_sent_back(
    days: ClosingWorld, desk: DeskWorld, anna: Colleague, boris: Colleague
) -> None:
    path = one_break(days)
    anna.sign_in()
    boris.sign_in()
    assert anna.post(f"{path}/take").status_code == 303
    assert anna.post(f"{path}/proposal", resolution="explained", note="已和银行核对").status_code == 303
    with transaction(desk.world.sessions) as session:
        disable(session, anna.login, desk.world.clock.now())
    refused = boris.post(f"{path}/decision", outcome="confirm")
    assert (refused.status_code, "已经停用" in refused.get_data(as_text=True)) == (409, True)
    assert [one.state for one in days.breaks()] == ["proposed"]
    assert boris.post(f"{path}/decision", outcome="send_back", note="请重新提出").status_code == 303
    assert boris.post(f"{path}/release").status_code == 303
    assert [one.state for one in days.breaks()] == ["found"]


def test_the_database_itself_wants_two(days: ClosingWorld, desk: DeskWorld) -> None:
    """Roles at the desk, then SQL of the desk's own role."""
    days.bank.book(of_somebody(days.today))
    days.next_day()
    days.run()
    reviewer, approver = desk.colleague("reviewer").sign_in(), desk.colleague("approver").sign_in()
    path = f"/breaks/{days.breaks()[0].break_id}"
    assert approver.post(f"{path}/take").status_code == 403
    assert reviewer.post(f"{path}/take").status_code == 303
    assert reviewer.post(f"{path}/proposal", resolution="explained", note="已和银行核对").status_code == 303
    assert reviewer.post(f"{path}/decision", outcome="confirm").status_code == 403
    with (
        pytest.raises(DBAPIError, match="no confirmed decision"),
        transaction(days.world.sessions) as session,
    ):
        session.execute(
            text("UPDATE bank_break SET state = 'closed', resolution = 'explained', closed_at = now()")
        )
    with pytest.raises(DBAPIError, match="found to taken"), transaction(days.world.sessions) as session:
        session.execute(text("UPDATE bank_break SET bank_fen = 0"))
    born_closed = (
        "INSERT INTO bank_break (break_id, day, kind, ref, bank_fen, book_fen, state, owner_id, resolution, found_at,"
        " updated_at, closed_at) SELECT gen_random_uuid(), day, kind, ref || 'x', 0, 0, 'closed', owner_id, 'explained',"
        " now(), now(), now() FROM bank_break"
    )
    with pytest.raises(DBAPIError, match="found to taken"), transaction(days.world.sessions) as session:
        session.execute(text(born_closed))
    alone = (
        "INSERT INTO break_decision (proposal_id, break_id, proposer_id, staff_id, outcome, note, decided_at)"
        " SELECT proposal_id, break_id, {proposer}, {decider}, 'confirmed', '', now() FROM break_proposal"
    )
    with pytest.raises(IntegrityError, match="four_eyes"), transaction(days.world.sessions) as session:
        session.execute(text(alone.format(proposer="staff_id", decider="staff_id")))
    with pytest.raises(IntegrityError), transaction(days.world.sessions) as session:
        session.execute(text(alone.format(proposer=f"'{new_id()}'", decider="staff_id")))
    day = days.today.isoformat()
    with pytest.raises(DBAPIError, match="open break"), transaction(days.world.sessions) as session:
        session.execute(
            text("UPDATE business_day SET state = 'closed', closed_at = now() WHERE day < :d"), {"d": day}
        )


def test_nobody_works_on_a_difference_of_their_own(days: ClosingWorld, desk: DeskWorld) -> None:
    member = days.world.member()
    _, change = days.paid(member)
    days.bank.lines.remove(change)
    days.next_day()
    days.run()
    own = desk.colleague(id_no=member.person.id_no).sign_in()
    (row,) = days.breaks()
    assert own.client.get(f"/breaks/{row.break_id}").status_code == 403
    assert own.post(f"/breaks/{row.break_id}/take").status_code == 403


def test_the_pages_say_what_bank_order_and_books_say(days: ClosingWorld, anna: Colleague) -> None:
    order, change = days.paid()
    days.bank.lines.remove(change)
    day = days.today
    days.next_day()
    days.run()
    anna.sign_in()
    assert "我方有，银行无" in anna.client.get("/breaks").get_data(as_text=True)
    page = anna.client.get(f"/breaks/{days.breaks()[0].break_id}").get_data(as_text=True)
    for words in ("流水上没有", order.instruction_no, "已付款", "提取付款", "-3,000.00", "不会自动冲正"):
        assert words in page
    listed = anna.client.get("/days").get_data(as_text=True)
    assert "1 笔待处理" in listed
    shown = anna.client.get(f"/days/{day}").get_data(as_text=True)
    assert "还有 1 笔差错没有关闭" in shown
    assert anna.client.get("/days/2026-13-01").status_code == 404

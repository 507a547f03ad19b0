"""What two people booked on 21903 or 119 is moved on by two: to whom it belongs, or against its opposite."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.settlement.ports import AccountChange
from tests.integration.closing.test_booked_once import on, on_101
from tests.integration.closing.test_employer_claims import WHOLE, days, unit, unnamed
from tests.support.domain.bank_days import ClosingWorld, close_break, of_somebody
from tests.support.domain.desk import Colleague, DeskWorld
from tests.support.domain.fakes import movement
from tests.support.domain.remittances import Unit, credit
from tests.support.domain.transfers import asked, line, office, transfer
from tests.support.domain.world import Member

__all__ = ["days", "unit"]

PAID, SENT = 300_000, 1_203_456


def booked(days: ClosingWorld, anna: Colleague, boris: Colleague, break_id: Any) -> str:
    """Put on 21903 or 119 by two people, and its day closed; where it stands at the desk."""
    day = days.rows("SELECT day FROM bank_break WHERE break_id = :b", b=break_id)[0].day
    close_break(anna, boris, break_id, "booked")
    assert days.run() == [day]
    return f"/suspense/{break_id}"


def found(days: ClosingWorld, change: AccountChange) -> Any:
    """The break of what the bank booked today."""
    days.tell(days.bank.book(change))
    days.next_day()
    assert days.run() == []
    (row,) = [one for one in days.breaks() if one.state != "closed"]
    return row.break_id


def move_on(path: str, anna: Colleague, boris: Colleague, **way: str) -> None:
    """One proposes, the other confirms."""
    anna.sign_in()
    boris.sign_in()
    proposed = anna.post(f"{path}/proposal", note="已和银行核对", **way)
    assert proposed.status_code == 303, proposed.get_data(as_text=True)
    confirmed = boris.post(f"{path}/decision", outcome="confirm")
    assert confirmed.status_code == 303, confirmed.get_data(as_text=True)


def closes(days: ClosingWorld) -> tuple[int, int]:
    """What is carried over the end of the present day, and by what the books' gap has moved."""
    day = days.today
    days.next_day()
    assert days.run() == [day], days.steps(day)
    row, before = days.rows("SELECT * FROM business_day WHERE state = 'closed' ORDER BY day DESC LIMIT 2")
    return int(row.carried_fen), int(row.gap_fen - before.gap_fen)


def on_the_list(who: Colleague) -> tuple[int, str]:
    """How many stand there, and the page."""
    page = who.client.get("/suspense").get_data(as_text=True)
    return page.count("/suspense/"), page


@pytest.mark.parametrize("named", ["batch", "employer"])
def test_an_employer_s_payment_pays_its_batch_after_all(
    days: ClosingWorld, unit: Unit, anna: Colleague, boris: Colleague, named: str
) -> None:
    """6,000.00 on 21903 on Monday; on Tuesday the file is there: 101 stays, 21903 is empty, three get 2,000.00 each."""
    path = booked(days, anna, boris, unnamed(days))
    assert (on_101(days, WHOLE), on(days, "21903"), on_the_list(anna)[0]) == (WHOLE, -WHOLE, 1)
    before, filed = unit.funds(), unit.file()
    number = filed.batch_no if named == "batch" else unit.employer_no
    move_on(path, anna, boris, way="belongs", belongs_to=number)
    assert (on_101(days, WHOLE), on(days, "21903"), on(days, "21902")) == (WHOLE, 0, -WHOLE)
    assert on_the_list(anna)[0] == 0
    assert "已转出" in anna.client.get("/suspense?all=1").get_data(as_text=True)
    assert unit.post(filed.batch_id) == "posted"
    assert [now - was for now, was in zip(unit.funds(), before, strict=True)] == [200_000] * 3
    assert closes(days) == (0, 0)
    anna.sign_in()
    again = anna.post(f"{path}/proposal", way="belongs", belongs_to=number, note="再转一次")
    assert again.status_code == 409
    assert "冲回调账" in anna.client.get(path.replace("suspense", "breaks")).get_data(as_text=True)


def test_a_second_payment_under_one_number_waits_for_the_next_batch(
    days: ClosingWorld, unit: Unit, anna: Colleague, boris: Colleague
) -> None:
    """6,000.00 twice under one bank number, the second booked by two: it is the employer's and pays December."""
    filed = unit.file()
    told = replace(credit(unit.payer_no, WHOLE, filed.batch_no), day=days.today)
    days.tell(days.bank.book(told))
    assert unit.post(filed.batch_id) == "posted"
    closes_first(days)
    path = booked(days, anna, boris, found(days, replace(told, day=days.today)))
    move_on(path, anna, boris, way="belongs", belongs_to=unit.employer_no)
    assert (on_101(days, WHOLE), on(days, "21903"), on(days, "21902")) == (2 * WHOLE, 0, -WHOLE)
    assert closes(days) == (0, 0)


def closes_first(days: ClosingWorld) -> None:
    day = days.today
    days.next_day()
    assert days.run() == [day]


def returned_unnamed(days: ClosingWorld, member: Member) -> tuple[str, Any]:
    """3,000.00 paid on Monday and back on Tuesday without a number; the payment's number and the break."""
    order, _ = days.paid(member)
    closes_first(days)
    return order.instruction_no, found(days, replace(of_somebody(days.today, PAID), summary="退汇"))


def test_a_return_becomes_the_return(days: ClosingWorld, anna: Colleague, boris: Colleague) -> None:
    """56,000.00, less 3,000.00, and whole again; 101 has what the bank has."""
    member = days.world.member()
    number, break_id = returned_unnamed(days, member)
    path = booked(days, anna, boris, break_id)
    assert days.world.balance(member) == (5_300_000, 0)
    move_on(path, anna, boris, way="belongs", belongs_to=number)
    assert days.world.balance(member) == (5_600_000, 0)
    assert (on_101(days, PAID), on(days, "21903")) == (0, 0)
    state = days.rows("SELECT state FROM payment_instruction WHERE instruction_no = :n", n=number)
    assert state[0].state == "returned"
    assert closes(days) == (0, 0)


def test_what_its_order_got_meanwhile_is_not_given_twice(
    days: ClosingWorld, anna: Colleague, boris: Colleague
) -> None:
    """Proposed as the return; then the return itself is told; the second person's word books nothing."""
    member = days.world.member()
    number, break_id = returned_unnamed(days, member)
    path = booked(days, anna, boris, break_id)
    anna.sign_in()
    boris.sign_in()
    assert anna.post(f"{path}/proposal", way="belongs", belongs_to=number, note="金额对得上").status_code == 303
    seen = boris.seen(path)
    order = days.world.node.sent[-1]
    days.tell(days.bank.book(movement(order, direction="credit", day=days.today, host_seq_no="R1")))
    assert days.world.balance(member) == (5_600_000, 0)
    assert boris.post(f"{path}/decision", outcome="confirm", **seen).status_code == 409
    assert (days.world.balance(member), on(days, "21903")) == ((5_600_000, 0), -PAID)
    assert boris.post(f"{path}/decision", outcome="send_back", note="已另有退汇").status_code == 303
    assert on_the_list(boris)[0] == 1


def stray_and_its_undoing(
    days: ClosingWorld, anna: Colleague, boris: Colleague, member: Member | None = None
) -> tuple[str, str]:
    """Paid twice on Monday, the second given back on Tuesday; both booked: where they stand."""
    order, _ = days.paid(member)
    stray = found(days, movement(order, day=days.today, host_seq_no="S1"))
    first = booked(days, anna, boris, stray)
    undone = movement(order, direction="credit", day=days.today, host_seq_no="U1")
    return first, booked(days, anna, boris, found(days, undone))


@pytest.mark.parametrize("named", [0, 1])
def test_a_wrong_debit_and_what_gave_it_back_cancel(
    days: ClosingWorld, anna: Colleague, boris: Colleague, named: int
) -> None:
    """3,000.00 on 119 and 3,000.00 on 21903 make nothing, whichever is named first; 101 does not move."""
    pair = stray_and_its_undoing(days, anna, boris)
    assert (on(days, "119"), on(days, "21903"), on_101(days, PAID)) == (PAID, -PAID, -PAID)
    assert on_the_list(anna)[0] == 2
    move_on(pair[named], anna, boris, way="cancels", other=pair[1 - named].rsplit("/", 1)[1])
    assert (on(days, "119"), on(days, "21903"), on_101(days, PAID)) == (0, 0, -PAID)
    assert on_the_list(anna)[0] == 0
    assert closes(days) == (0, 0)


def test_only_what_makes_nothing_together_cancels(
    days: ClosingWorld, anna: Colleague, boris: Colleague
) -> None:
    """12.00 out, 12.01 and another 12.01 in: none is the other's opposite."""
    today = replace(of_somebody(days.today, 1_200), direction="debit")
    out = booked(days, anna, boris, found(days, today))
    more = booked(days, anna, boris, found(days, of_somebody(days.today, 1_201)))
    anna.sign_in()
    for path, other in ((out, more), (more, out), (out, out)):
        refused = anna.post(
            f"{path}/proposal", way="cancels", other=other.rsplit("/", 1)[1], note="金额对得上"
        )
        assert refused.status_code == 409
    debit = anna.post(f"{out}/proposal", way="belongs", belongs_to="2" * 15, note="金额对得上")
    assert debit.status_code == 409
    for form in ({"way": "cancels", "other": "x"}, {"way": "booked"}, {}):
        assert anna.post(f"{out}/proposal", note="金额对得上", **form).status_code == 422


def test_what_a_letter_takes_by_itself_is_not_cancelled(
    days: ClosingWorld, anna: Colleague, boris: Colleague
) -> None:
    """A letter's money went back before it came, on 119; somebody else's of that sum is on 21903; then it comes."""
    office(days.world)
    member = days.world.member()
    row = transfer(days.world, member, asked(days.world, member))
    back = booked(days, anna, boris, found(days, line(row.money_no, SENT, direction="debit")))
    other = booked(days, anna, boris, found(days, of_somebody(days.today, SENT)))
    anna.sign_in()
    for path, against in ((back, other), (other, back)):
        refused = anna.post(
            f"{path}/proposal", way="cancels", other=against.rsplit("/", 1)[1], note="金额一样"
        )
        assert (refused.status_code, "会自己转销" in refused.get_data(as_text=True)) == (409, True)
    assert on_the_list(anna)[0] == 2
    days.tell(days.bank.book(replace(line(row.money_no, SENT), day=days.today)))
    assert (on(days, "119"), on(days, "21903")) == (0, -SENT)
    assert on_the_list(anna)[0] == 1
    assert closes(days) == (0, 0)


def test_nobody_moves_their_own_nor_alone(
    days: ClosingWorld, desk: DeskWorld, anna: Colleague, boris: Colleague
) -> None:
    """The claim's owner neither proposes nor confirms; who proposed does not confirm; what was seen is confirmed."""
    member = days.world.member()
    number, break_id = returned_unnamed(days, member)
    path = booked(days, anna, boris, break_id)
    own = desk.colleague(id_no=member.person.id_no).sign_in()
    claim = {"way": "belongs", "belongs_to": number, "note": "金额对得上"}
    assert own.post(f"{path}/proposal", **claim).status_code == 403
    anna.sign_in()
    boris.sign_in()
    assert anna.post(f"{path}/proposal", **claim).status_code == 303
    assert boris.post(f"{path}/proposal", **claim).status_code == 409
    assert anna.post(f"{path}/decision", outcome="confirm").status_code == 403
    assert own.post(f"{path}/decision", outcome="confirm").status_code == 403
    seen = boris.seen(path)
    assert boris.post(f"{path}/decision", outcome="send_back", note="请附回单").status_code == 303
    assert anna.post(f"{path}/proposal", **{**claim, "note": "附了回单"}).status_code == 303
    stale = {**seen, "outcome": "confirm", "mark": boris.mark("/queue")}
    assert boris.client.post(f"{path}/decision", data=stale).status_code == 409
    assert (days.world.balance(member), on(days, "21903")) == ((5_300_000, 0), -PAID)
    assert boris.post(f"{path}/decision", outcome="confirm").status_code == 303
    assert days.world.balance(member) == (5_600_000, 0)


def test_a_difference_of_one_s_own_is_not_shown(
    days: ClosingWorld, desk: DeskWorld, anna: Colleague, boris: Colleague
) -> None:
    member = days.world.member()
    first, _ = stray_and_its_undoing(days, anna, boris, member)
    own = desk.colleague(id_no=member.person.id_no).sign_in()
    assert own.client.get(first).status_code == 403


def test_what_stays_as_it_was_found_or_is_explained_stands_nowhere(
    days: ClosingWorld, anna: Colleague, boris: Colleague
) -> None:
    break_id = found(days, of_somebody(days.today))
    anna.sign_in()
    assert anna.client.get(f"/suspense/{break_id}").status_code == 404
    form = {"way": "cancels", "other": str(break_id), "note": "还没查清"}
    assert anna.post(f"/suspense/{break_id}/proposal", **form).status_code == 404
    close_break(anna, boris, break_id)
    assert anna.client.get(f"/suspense/{break_id}").status_code == 404
    assert on_the_list(anna)[0] == 0


def test_days_between_do_not_matter(days: ClosingWorld, anna: Colleague, boris: Colleague) -> None:
    """Moved on four closed days later: booked on the day that is open, no closed one is touched."""
    member = days.world.member()
    number, break_id = returned_unnamed(days, member)
    path = booked(days, anna, boris, break_id)
    for _ in range(4):
        closes_first(days)
    move_on(path, anna, boris, way="belongs", belongs_to=number)
    rows = days.rows("SELECT DISTINCT accounting_on AS day FROM journal WHERE business_ref LIKE '%undone'")
    assert [row.day for row in rows] == [days.today] == [date(2026, 11, 23) + timedelta(days=6)]
    assert closes(days) == (0, 0)

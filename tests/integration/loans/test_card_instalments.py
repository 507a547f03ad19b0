"""Instalments by card: reminded, charged on the day, tried again, overdue, in grace, shifted; the fund first where agreed."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from services.agreements.card_runs import CardRuns
from services.applications.service import applications_of
from services.core.db import transaction
from services.items import agreement_runs
from services.reviews.replay import replay
from services.settlement.ports import PayReply
from tests.integration.loans.test_agreements import SMALL, cases, runs, sign_in, signed, with_bank_loan
from tests.integration.loans.test_fund_loan_items import apply, confirmed, lines, owed, quote
from tests.support.domain.deductions import look, send, tell, told
from tests.support.domain.loans import lend
from tests.support.domain.world import Member, World

DUE_FEN, PRINCIPAL_FEN, INTEREST_FEN = 842_843, 826_787, 16_056
"""The second instalment of SMALL, due on 2026-12-20, a Sunday: 91,746.57 × 2.10 % / 12 = 160.56 of interest."""
NO_MONEY = PayReply("rejected", "B0100", "账户余额不足", None)


def indebted(world: World, **loan: Any) -> tuple[Member, Any]:
    """A member who owes an instalment on 20 December, the first of November paid."""
    member = world.member()
    return member, lend(world, member, **SMALL, **loan)


def on_the_day(world: World, **more: float) -> None:
    """20 December, ten o'clock, and more."""
    world.later(days=27)
    world.later(**more)
    look(world)


def state(world: World, member: Member) -> str:
    """The loan's state in the books."""
    row = world.one("SELECT state FROM loan WHERE account_id = :a", a=member.account_id)
    return str(row.state)


def test_an_instalment_is_taken_on_its_day_once(world: World) -> None:
    member, loan_id = indebted(world)
    world.later(days=24)
    look(world)
    look(world)
    assert [one["due"] for one in told(world, member, "instalment_due")] == ["12月20日"]
    assert world.node.deducted == []
    world.later(days=3)
    look(world)
    look(world)
    send(world, member)
    order = world.node.deducted[0]
    assert (order.amount_fen, order.principal_fen, order.interest_fen) == (
        DUE_FEN,
        PRINCIPAL_FEN,
        INTEREST_FEN,
    )
    tell(world)
    look(world)
    send(world, member)
    assert len(world.node.deducted) == 1
    booked = {"101": DUE_FEN, "121": -PRINCIPAL_FEN, "401": -INTEREST_FEN}
    assert lines(world, member, f"loan:{loan_id}:instalment:2") == booked
    assert [one["amount"] for one in told(world, member, "instalment_paid")] == ["8428.43"]
    row = world.one(
        "SELECT kind, source FROM loan_repayment WHERE instalment_no = 2 AND loan_id = :l", l=loan_id
    )
    assert (row.kind, row.source) == ("02", "card")


def test_before_the_first_hour_nothing_is_taken(world: World) -> None:
    member, _ = indebted(world)
    on_the_day(world, hours=-3)  # seven o'clock
    assert "settlement.deduct" not in world.waiting_jobs(member.account_id)


def test_an_empty_card_is_tried_again_and_then_overdue_with_penalty(world: World) -> None:
    """8:00 and 18:00 in vain; on the 22nd two days of penalty: 8,428.43 × 2.10 %/360 × 1.5 × 2 = 1.47."""
    member, loan_id = indebted(world)
    world.node.on_deduct = lambda order: NO_MONEY
    on_the_day(world)
    send(world, member)
    look(world)
    send(world, member)
    assert len(world.node.deducted) == 1
    world.later(hours=9)  # 19:00
    look(world)
    send(world, member)
    assert (len(world.node.deducted), state(world, member)) == (2, "normal")
    assert [one["reason"] for one in told(world, member, "instalment_failed")] == ["卡里的钱不够"]
    world.later(days=1)
    look(world)
    send(world, member)
    assert state(world, member) == "overdue"
    world.node.on_deduct = None
    world.later(days=1)
    look(world)
    send(world, member)
    order = world.node.deducted[-1]
    assert (order.principal_fen, order.interest_fen, order.penalty_fen) == (PRINCIPAL_FEN, INTEREST_FEN, 147)
    tell(world)
    assert state(world, member) == "normal"
    booked = {"101": DUE_FEN + 147, "122": -PRINCIPAL_FEN, "401": -INTEREST_FEN - 147}
    assert lines(world, member, f"loan:{loan_id}:instalment:2") == booked


def test_in_grace_it_stays_due_without_penalty(world: World) -> None:
    """Three days of grace: on the 23rd still the plain instalment, on the 24th overdue."""
    member, _loan_id = indebted(world, grace_days=3)
    world.node.on_deduct = lambda order: NO_MONEY
    on_the_day(world, days=3)
    send(world, member)
    assert (state(world, member), world.node.deducted[-1].amount_fen) == ("normal", DUE_FEN)
    sign_in(world, member)
    found = quote(world, member, "partial-prepayment", {"source": "card"})["refusals"][0]
    assert found["code"] == "fund_loan.due_today"
    world.later(days=1)
    look(world)
    send(world, member)
    assert (state(world, member), world.node.deducted[-1].penalty_fen > 0) == ("overdue", True)


def test_a_due_day_on_a_holiday_moves_to_the_next_business_day(world: World) -> None:
    """Sunday 20 December: with the shift it is taken on Monday, in time."""
    member, loan_id = indebted(world, due_shift="next")
    on_the_day(world)
    assert "settlement.deduct" not in world.waiting_jobs(member.account_id)
    world.later(days=1)
    look(world)
    send(world, member)
    assert world.node.deducted[-1].amount_fen == DUE_FEN
    tell(world)
    assert owed(world, sign(world, member), loan_id)[0] == "normal"


def sign(world: World, member: Member) -> Member:
    """Signed in anew."""
    sign_in(world, member)
    return member


def test_an_unknown_fate_over_the_due_day_is_not_overdue(world: World) -> None:
    """Told on the 21st of what was taken on the 20th: paid on the 20th."""
    member, loan_id = indebted(world)
    world.node.on_deduct = lambda order: PayReply("unknown", "answer.none", "", None)
    on_the_day(world)
    send(world, member)
    world.later(days=1)
    look(world)
    assert (len(world.node.deducted), state(world, member)) == (1, "normal")
    tell(world)
    row = world.one(
        "SELECT booked_on FROM loan_repayment WHERE loan_id = :l AND instalment_no = 2", l=loan_id
    )
    assert row.booked_on.isoformat() == "2026-12-20"


def test_a_short_fund_gives_what_it_has_and_the_card_the_rest(world: World) -> None:
    """2,000.00 in the fund, 0.01 stays: 1,999.99 from the fund, 6,428.44 from the card, booked together."""
    member = world.member(months=1)
    world.consent(member)
    loan_id = lend(world, member, **SMALL)
    signed(world, member)
    world.later(days=27)
    look(world)
    assert "settlement.deduct" not in world.waiting_jobs(member.account_id)  # the agreement goes first
    world.product.agreement_runs.take_up()
    look(world)
    assert world.balance(member) == (1, 199_999)
    send(world, member)
    assert world.node.deducted[-1].amount_fen == DUE_FEN - 199_999 == 642_844
    tell(world)
    ref = f"loan:{loan_id}:instalment:2"
    assert lines(world, member, f"{ref}:fund") == {"219": 199_999, "121": -199_999}
    rest = {"101": 642_844, "121": -(PRINCIPAL_FEN - 199_999), "401": -INTEREST_FEN}
    assert lines(world, member, ref) == rest
    assert world.balance(member) == (1, 0)
    short = told(world, member, "agreement_short")
    assert [(one["needed"], one["fund"]) for one in short] == [("8428.43", "1999.99")]


def test_a_card_in_vain_gives_the_fund_its_part_back(world: World) -> None:
    member = world.member(months=1)
    world.consent(member)
    lend(world, member, **SMALL)
    signed(world, member)
    world.later(days=27)
    world.product.agreement_runs.take_up()
    world.node.on_deduct = lambda order: NO_MONEY
    look(world)
    send(world, member)
    assert world.balance(member) == (200_000, 0)


def test_one_poisoned_agreement_stops_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first is broken: the second is run all the same; the fault is counted, seen, and gone once it works."""
    first, second = world.member(), world.member()
    for member in (first, second):
        world.consent(member)
        lend(world, member, **SMALL)
        signed(world, member)
    runs = world.product.agreement_runs
    good = agreement_runs.prepared_run

    def prepared_run(engine: Any, item: Any, agreement: Any) -> Any:
        if agreement.account_id == first.account_id:
            raise ZeroDivisionError("姓名 of somebody")
        return good(engine, item, agreement)

    monkeypatch.setattr(agreement_runs, "prepared_run", prepared_run)
    world.later(days=27)
    runs.take_up()
    assert world.balance(second) == (5_600_000 - DUE_FEN, 0)
    broken = "SELECT attempts, fault FROM loan_agreement WHERE account_id = :a"
    row = world.one(broken, a=first.account_id)
    assert (row.attempts, row.fault) == (1, "ZeroDivisionError")
    assert "anju_agreements_failing 1.0" in world.client().get("/metrics", environ_overrides={"REMOTE_ADDR": "127.0.0.1"}).get_data(as_text=True)
    runs.take_up()
    assert world.one(broken, a=first.account_id).attempts == 1  # ten minutes later, not at once
    monkeypatch.undo()
    world.later(minutes=11)
    runs.take_up()
    row = world.one(broken, a=first.account_id)
    assert (row.attempts, row.fault, world.balance(first)[0]) == (0, None, 5_600_000 - DUE_FEN)


def test_one_poisoned_loan_stops_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    (first, poisoned), (second, _) = indebted(world), indebted(world)
    good = CardRuns.charge

    def charge(runs: CardRuns, session: Any, account_id: Any, loan_id: Any, this: Any) -> bool:
        if loan_id == poisoned:
            raise ZeroDivisionError
        return good(runs, session, account_id, loan_id, this)

    monkeypatch.setattr(CardRuns, "charge", charge)
    on_the_day(world)
    assert "settlement.deduct" in world.waiting_jobs(second.account_id)
    assert "settlement.deduct" not in world.waiting_jobs(first.account_id)


def test_an_ended_agreement_is_told_of_and_a_changed_one_is_not(world: World) -> None:
    member, _ = indebted(world)
    world.consent(member)
    signed(world, member)
    signed(world, member, action="change")
    assert told(world, member, "agreement_ended") == []
    signed(world, member, action="end")
    assert [one["reason"] for one in told(world, member, "agreement_ended")] == ["您自己终止了"]


def test_the_20th_on_a_sunday_moves_where_policy_says_so(world: World) -> None:
    """20 December 2026 is a Sunday: shifted, the run is on Monday, for the 20th."""
    member = with_bank_loan(world)
    signed(world, member, card_id=str(member.card_id))
    with transaction(world.sessions) as session:
        session.execute(text("UPDATE policy_value SET value = '\"next\"' WHERE key = 'agreement.run_shift'"))
    world.product.policies._read_at = -1e9
    try:
        world.later(days=27)
        world.product.agreement_runs.take_up()
        assert cases(world, member) == []
        world.later(days=1)
        world.product.agreement_runs.take_up()
        assert cases(world, member) == [("approved", 300_000)]
        assert runs(world, member) == [("2026-12-20", "case", ["2026-12"])]
    finally:
        with transaction(world.sessions) as session:
            session.execute(
                text("UPDATE policy_value SET value = '\"none\"' WHERE key = 'agreement.run_shift'")
            )
        world.product.policies._read_at = -1e9


def test_the_desk_replays_a_run_by_the_rules_of_a_run(world: World) -> None:
    """3,000.00 for December from 56,000.00: no rule of ending an agreement is asked."""
    member = with_bank_loan(world)
    signed(world, member, card_id=str(member.card_id))
    world.later(days=27)
    world.product.agreement_runs.take_up()
    with transaction(world.sessions) as session:
        case = applications_of(session, member.account_id)[0]
    again = replay(world.product.engine, case)
    assert (again.is_run, again.amount.max_fen if again.amount else None) == (True, 300_000)
    assert [rule.name for rule in again.rules if rule.refusal] == []
    assert again.rules[0].name == "执行那天约定有效"


def test_what_was_put_back_does_not_keep_the_instalment_waiting(world: World) -> None:
    """10,000.00 to be taken again are not in the card: the instalment is asked for all the same, and falls overdue."""
    member, _ = indebted(world)
    prepay = {"source": "card", "amount_fen": 1_000_000, "change": "instalment"}
    confirmed(world, member, apply(world, member, "partial-prepayment", prepay))
    send(world, member)
    tell(world)
    tell(world, direction="debit")
    world.node.on_deduct = lambda order: NO_MONEY
    on_the_day(world)
    send(world, member)
    assert world.node.deducted[-1].amount_fen == 1_000_000
    world.later(minutes=10)
    look(world)
    send(world, member)
    owed_fen = world.node.deducted[-1].amount_fen
    assert 0 < owed_fen < DUE_FEN
    assert [order.amount_fen for order in world.node.deducted[1:]] == [1_000_000, owed_fen]
    world.later(days=1)
    look(world)
    assert state(world, member) == "overdue"

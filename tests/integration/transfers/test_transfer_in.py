"""A transfer from another city: the letter goes out, the answer and the money come, in any order, and count once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from services.core.db import transaction
from services.core.errors import Unavailable
from services.settlement.letters import LetterReply
from services.transfers.numbers import next_letter_no
from tests.contract.api.reading import problem
from tests.support.domain.cases import apply, post, quote, refusals
from tests.support.domain.transfers import (
    ACCOUNT,
    CHANGSHA,
    ITEM,
    asked,
    line,
    office,
    pay,
    requested,
    transfer,
    write,
)
from tests.support.domain.world import Member, World

OPENING = 5_600_000
AFTER = 6_803_456
"""56,000.00 and 12,034.56 together."""


def shown(world: World, member: Member, application_id: str) -> dict:
    """The application as its page shows it."""
    answer = world.client().get(f"/api/v1/applications/{application_id}", headers=member.bearer)
    assert answer.status_code == 200
    return dict(answer.get_json())


def steps(found: dict) -> list[tuple[str, str, str]]:
    """Label, actor and state of each step."""
    return [(step["label"], step["actor"], step["state"]) for step in found["steps"]]


def journals(world: World, member: Member) -> list[tuple[str, str, int]]:
    """Journals of the transfer, by kind, with what each line books."""
    statement = text(
        "SELECT j.kind, p.gl_code, p.fen FROM journal j JOIN posting p USING (account_id, journal_id)"
        " WHERE j.account_id = :a AND j.kind LIKE 'transfer%' ORDER BY j.journal_id, p.line_no"
    )
    with transaction(world.sessions) as session:
        return [tuple(row) for row in session.execute(statement, {"a": member.account_id})]


def told(world: World, template: str) -> dict[str, list[dict]]:
    """What was sent under a template, by channel."""
    return {
        name: [dict(n.fields) for n in channel.sent if n.template == template]
        for name, channel in world.channels.items()
    }


def test_letter_answer_money(world: World, member: Member) -> None:
    counter = office(world)
    offered = quote(world, member, ITEM)
    assert (offered["allowed"], offered["asks"]) == (True, ["centre", "former_account_no"])
    assert {"value": CHANGSHA, "text": "长沙住房公积金管理中心"} in offered["choices"]["centre"]

    application_id = requested(world, member, former_account_no="4301 0012 3456")
    found = shown(world, member, application_id)
    assert steps(found) == [
        ("提交", "您", "done"),
        ("刷脸", "您", "done"),
        ("发联系函", "公积金中心", "current"),
        ("审核转出", "转出地中心", "todo"),
        ("转钱", "银行", "todo"),
        ("记入账户", "公积金中心", "todo"),
    ]
    world.run_jobs(member.account_id, "transfers.tend")
    letter = counter.applied[0]
    assert (letter.centre_code, letter.centre_name) == (CHANGSHA, "长沙住房公积金管理中心")
    assert (letter.member_name, letter.id_no) == (member.person.name, member.person.id_no)
    assert letter.former_account_no == "430100123456"
    assert letter.letter_no.startswith("C43020261123")
    assert len(letter.letter_no) == 16
    found = shown(world, member, application_id)
    assert (found["state"], found["state_text"], found["cancellable"]) == ("forwarded", "等对方中心", True)
    assert "12 月 8 日" in found["waiting_text"]

    write(world, letter.letter_no)
    found = shown(world, member, application_id)
    assert steps(found)[3:5] == [("审核转出", "转出地中心", "done"), ("转钱", "银行", "current")]
    assert found["cancellable"] is False
    assert world.balance(member) == (OPENING, 0)

    pay(world, line(letter.letter_no))
    found = shown(world, member, application_id)
    assert (found["state"], found["amount_fen"]) == ("completed", 1_203_456)
    assert {state for _, _, state in steps(found)} == {"done"}
    assert world.balance(member) == (AFTER, 0)
    assert journals(world, member) == [
        ("transfer_in", "101", 1_203_456),
        ("transfer_in", "201", -1_200_000),
        ("transfer_in", "201", -3_456),
    ]
    world.run_jobs(member.account_id)
    arrived = {
        "date": "11月23日",
        "centre": "长沙住房公积金管理中心",
        "amount": "12034.56",
        "balance": "68034.56",
    }
    assert told(world, "transfer_arrived") == {"sms": [arrived], "wechat": [arrived]}
    assert len(told(world, "transfer_asked")["wechat"]) == 1
    row = transfer(world, member, application_id)
    assert (row.former_sealed, row.look_again_at) == (None, None)
    postings = world.client().get("/api/v1/account/postings", headers=member.bearer).get_json()["postings"]
    assert (postings[0]["kind_text"], postings[0]["amount_fen"]) == ("异地转入", 1_203_456)


def test_everything_twice_counts_once(world: World, member: Member) -> None:
    office(world)
    application_id = asked(world, member)
    no = transfer(world, member, application_id).letter_no
    money = line(no)
    for _ in range(2):
        write(world, no)
        pay(world, money, money)
    write(world, no)
    world.run_jobs(member.account_id)
    assert world.balance(member) == (AFTER, 0)
    assert len(told(world, "transfer_arrived")["sms"]) == 1
    letters = world.one(
        "SELECT count(*) AS n FROM transfer_letter WHERE account_id = :a", a=member.account_id
    )
    assert letters.n == 2  # ours and theirs


def test_money_before_the_letter_waits_on_an_account_of_its_own(world: World, member: Member) -> None:
    office(world)
    application_id = asked(world, member)
    no = transfer(world, member, application_id).letter_no
    pay(world, line(no))
    assert world.balance(member) == (OPENING, 0)
    assert journals(world, member) == [
        ("transfer_held", "101", 1_203_456),
        ("transfer_held", "21901", -1_203_456),
    ]
    found = shown(world, member, application_id)
    assert (found["state"], found["cancellable"]) == ("forwarded", False)
    problem(post(world, member, f"/applications/{application_id}/cancel", {}), 409, "transfer.under_way")
    assert world.new_violations() == {}
    write(world, no)
    assert world.balance(member) == (AFTER, 0)
    assert journals(world, member)[2:] == [
        ("transfer_in", "21901", 1_203_456),
        ("transfer_in", "201", -1_200_000),
        ("transfer_in", "201", -3_456),
    ]
    assert shown(world, member, application_id)["state"] == "completed"


def test_money_taken_back_before_the_letter_leaves_nothing_and_may_come_again(
    world: World, member: Member
) -> None:
    office(world)
    application_id = asked(world, member)
    no = transfer(world, member, application_id).letter_no
    pay(world, line(no), line(no, direction="debit"))
    assert transfer(world, member, application_id).state == "asked"
    assert sum(fen for _, code, fen in journals(world, member) if code == "101") == 0
    assert world.new_violations() == {}
    write(world, no)
    pay(world, line(no))
    assert world.balance(member) == (AFTER, 0)


def test_a_return_told_before_its_money_credits_nothing(world: World, member: Member) -> None:
    """The notice of the money was lost: its return is told first, the statement brings both, then it is paid again."""
    office(world)
    application_id = asked(world, member)
    no = transfer(world, member, application_id).letter_no
    write(world, no)
    back, came = line(no, direction="debit"), line(no)
    pay(world, back, came, back, came)
    assert transfer(world, member, application_id).state == "promised"
    assert world.balance(member) == (OPENING, 0)
    assert sum(fen for _, code, fen in journals(world, member) if code == "101") == 0
    assert world.new_violations() == {}
    pay(world, line(no))
    assert world.balance(member) == (AFTER, 0)
    left = world.one("SELECT count(*) AS n FROM transfer_break WHERE account_id = :a", a=member.account_id)
    assert left.n == 0


def test_money_taken_back_after_it_was_credited_is_for_a_person(world: World, member: Member) -> None:
    office(world)
    application_id = asked(world, member)
    no = transfer(world, member, application_id).letter_no
    write(world, no)
    pay(world, line(no), line(no, reversal=True))
    assert world.balance(member) == (AFTER, 0)
    row = world.one(
        "SELECT direction, amount_fen FROM transfer_break WHERE account_id = :a", a=member.account_id
    )
    assert (row.direction, row.amount_fen) == ("debit", 1_203_456)


def test_a_second_payment_of_a_letter_is_kept_and_not_credited(world: World, member: Member) -> None:
    office(world)
    application_id = asked(world, member)
    no = transfer(world, member, application_id).letter_no
    write(world, no)
    pay(world, line(no), line(no))
    assert world.balance(member) == (AFTER, 0)
    row = world.one(
        "SELECT direction, amount_fen FROM transfer_break WHERE account_id = :a", a=member.account_id
    )
    assert (row.direction, row.amount_fen) == ("credit", 1_203_456)
    pay(world, line(no, direction="debit"))
    left = world.one("SELECT count(*) AS n FROM transfer_break WHERE account_id = :a", a=member.account_id)
    assert left.n == 0


def test_principal_and_interest_may_come_apart(world: World, member: Member) -> None:
    office(world)
    application_id = asked(world, member)
    no = transfer(world, member, application_id).letter_no
    write(world, no)
    pay(world, line(no, 1_200_000))
    assert shown(world, member, application_id)["state"] == "forwarded"
    assert world.balance(member) == (OPENING, 0)
    pay(world, line(no, 3_456))
    assert shown(world, member, application_id)["state"] == "completed"
    assert world.balance(member) == (AFTER, 0)


def test_a_part_before_the_letter_waits_for_the_rest(world: World, member: Member) -> None:
    office(world)
    application_id = asked(world, member)
    no = transfer(world, member, application_id).letter_no
    pay(world, line(no, 1_200_000))
    write(world, no)
    assert transfer(world, member, application_id).state == "promised"
    write(world, no, "failed", reason="对方撤销")  # not while their money lies here
    assert transfer(world, member, application_id).state == "promised"
    pay(world, line(no, 3_456))
    assert world.balance(member) == (AFTER, 0)


def test_a_corrected_letter_settles_a_sum_that_differed(world: World, member: Member) -> None:
    office(world)
    application_id = asked(world, member)
    no = transfer(world, member, application_id).letter_no
    write(world, no)
    pay(world, line(no, 1_203_400))
    write(world, no, account=replace(ACCOUNT, amount_fen=1_203_400, interest_fen=3_400))
    assert world.balance(member) == (OPENING + 1_203_400, 0)
    assert shown(world, member, application_id)["state"] == "completed"


def test_a_number_that_is_nobody_s_stays_unmatched(world: World, member: Member) -> None:
    office(world)
    change = line("C430202611239999")
    pay(world, change)
    pay(world, line("", 777, summary="往来款", remark=""))
    kept = world.one("SELECT outcome FROM bank_notice WHERE host_seq_no = :no", no=change.host_seq_no)
    assert kept.outcome == "unmatched"
    write(world, "C430202611239999")
    assert world.balance(member) == (OPENING, 0)


def test_refused_there_with_the_reason(world: World, member: Member) -> None:
    office(world)
    application_id = asked(world, member)
    no = transfer(world, member, application_id).letter_no
    write(world, no, "refused", reason="原账户有未结清的公积金贷款")
    found = shown(world, member, application_id)
    assert (found["state"], steps(found)[-1]) == ("refused", ("没有办成", "转出地中心", "failed"))
    assert "原账户有未结清的公积金贷款" in found["refusals"][0]["text"]
    world.run_jobs(member.account_id)
    reasons = {f["reason"] for fields in told(world, "transfer_refused").values() for f in fields}
    assert reasons == {"原账户有未结清的公积金贷款"}
    pay(world, line(no))  # and then they pay all the same
    assert world.balance(member) == (OPENING, 0)
    row = world.one("SELECT amount_fen FROM transfer_break WHERE account_id = :a", a=member.account_id)
    assert row.amount_fen == 1_203_456
    assert requested(world, member) != application_id  # the way is free again


def test_the_platform_refuses_the_letter(world: World, member: Member) -> None:
    counter = office(world)
    counter.reply = LetterReply("rejected", "E9101", "转出中心未接入")
    application_id = asked(world, member)
    found = shown(world, member, application_id)
    assert (found["state"], found["refusals"][0]["fact"]) == ("refused", "转出中心未接入")


def test_a_lost_answer_sends_the_same_letter_again(world: World, member: Member) -> None:
    counter = office(world)
    counter.reply = LetterReply("unknown", "answer.none")
    application_id = asked(world, member)
    assert transfer(world, member, application_id).state == "ready"
    counter.reply = LetterReply("taken", "00000")
    world.later(minutes=5)
    assert world.product.transfer_sweeps.take_up() >= 1
    world.run_jobs(member.account_id, "transfers.tend")
    assert [one.letter_no for one in counter.applied] == [counter.applied[0].letter_no] * 2
    assert transfer(world, member, application_id).state == "asked"


def test_who_may_not(world: World) -> None:
    office(world)
    assert refusals(world, world.member(months=5), ITEM) == ["transfer.too_few_months"]
    sealed = world.member(state="02", sealed_on="2026-11-01")
    assert "transfer.account_not_normal" in refusals(world, sealed, ITEM)
    member = world.member()
    requested(world, member)
    assert refusals(world, member, ITEM) == ["transfer.in_flight"]
    problem(apply(world, member, ITEM, {"centre": CHANGSHA}), 409, "item.refused")
    other = world.member()
    problem(apply(world, other, ITEM, {}), 422, "field.missing")


def test_letter_numbers_end_with_the_day(world: World) -> None:
    day = world.clock.now().date().replace(year=2031)
    with transaction(world.sessions) as session:
        assert next_letter_no(session, "C43020", day) == f"C43020{day:%y%m%d}0001"
        assert next_letter_no(session, "C43020", day) == f"C43020{day:%y%m%d}0002"
        session.execute(
            text("UPDATE case_counter SET next_value = 10000 WHERE module = 'CN' AND day = :day"),
            {"day": day},
        )
        with pytest.raises(Unavailable):
            next_letter_no(session, "C43020", day)

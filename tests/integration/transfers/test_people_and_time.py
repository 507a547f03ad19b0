"""Transfers that need a person or patience: sums that differ, a silent centre, calling back, and what it counts for."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from sqlalchemy import text

from services.applications.models import Application
from services.core.db import transaction
from services.settlement.letters import LetterNews, LetterReply
from services.transfers.queries import transferred_months
from tests.contract.api.reading import problem
from tests.integration.transfers.test_transfer_in import AFTER, OPENING, journals, shown, steps, told
from tests.support.domain.cases import apply, confirm, post, quote
from tests.support.domain.desk import Colleague
from tests.support.domain.transfers import ACCOUNT, ITEM, asked, line, office, pay, requested, transfer, write
from tests.support.domain.world import Member, World


def differing(world: World, member: Member, fen: int = 1_203_500) -> Application:
    """A transfer that more money came for than the letter says; people have to look."""
    application_id = asked(world, member)
    no = transfer(world, member, application_id).letter_no
    write(world, no)
    pay(world, line(no, fen))
    with transaction(world.sessions) as session:
        return session.get_one(Application, (member.account_id, UUID(application_id)))


def test_a_sum_that_differs_is_credited_when_two_people_say_so(
    world: World, member: Member, anna: Colleague, boris: Colleague
) -> None:
    office(world)
    case = differing(world, member)
    found = shown(world, member, str(case.application_id))
    assert (found["state"], found["cancellable"]) == ("in_review", False)
    assert "钱在中心，不会少" in found["waiting_text"]
    assert world.balance(member) == (OPENING, 0)
    problem(post(world, member, f"/applications/{case.application_id}/cancel", {}), 409, "transfer.under_way")

    anna.act(case, "claim")
    page = anna.page(case)
    assert "12,034.56 元" in page
    assert "12,035.00 元" in page
    assert anna.act(case, "opinion", verdict="approve").status_code == 303
    assert world.balance(member) == (OPENING, 0)
    assert boris.act(case, "decision", outcome="confirm").status_code == 303
    assert world.balance(member) == (OPENING + 1_203_500, 0)
    assert journals(world, member)[2:] == [
        ("transfer_in", "21901", 1_203_500),
        ("transfer_in", "201", -1_203_500),
    ]
    done = shown(world, member, str(case.application_id))
    assert (done["state"], done["amount_fen"]) == ("completed", 1_203_500)


def test_a_sum_that_differs_and_is_refused_stays_to_be_sent_back(
    world: World, member: Member, anna: Colleague, boris: Colleague
) -> None:
    office(world)
    case = differing(world, member)
    no = transfer(world, member, str(case.application_id)).letter_no
    anna.act(case, "claim")
    anna.act(case, "opinion", verdict="refuse", reason="other", member_text="对方转错了，请对方退回重转。")
    boris.act(case, "decision", outcome="confirm")
    assert shown(world, member, str(case.application_id))["state"] == "refused"
    world.product.transfer_sweeps.take_up()
    assert transfer(world, member, str(case.application_id)).state == "refused"
    assert world.balance(member) == (OPENING, 0)
    row = world.one(
        "SELECT amount_fen, letter_fen FROM transfer_break WHERE account_id = :a", a=member.account_id
    )
    assert (row.amount_fen, row.letter_fen) == (1_203_500, 1_203_456)
    pay(world, line(no, 1_203_500, direction="debit"))
    assert sum(fen for _, code, fen in journals(world, member) if code == "21901") == 0


def test_money_taken_back_while_people_look_cannot_be_credited(
    world: World, member: Member, anna: Colleague, boris: Colleague
) -> None:
    office(world)
    case = differing(world, member)
    no = transfer(world, member, str(case.application_id)).letter_no
    pay(world, line(no, 1_203_500, direction="debit"))
    anna.act(case, "claim")
    anna.act(case, "opinion", verdict="approve")
    boris.act(case, "decision", outcome="confirm")
    assert shown(world, member, str(case.application_id))["state"] == "in_review"
    assert world.balance(member) == (OPENING, 0)


def test_a_part_that_stays_a_part_is_for_people_after_a_day(world: World, member: Member) -> None:
    office(world)
    application_id = asked(world, member)
    no = transfer(world, member, application_id).letter_no
    write(world, no)
    pay(world, line(no, 1_200_000))
    world.later(hours=23)
    world.product.transfer_jobs.tend(str(member.account_id), application_id)
    assert transfer(world, member, application_id).state == "promised"
    world.later(hours=1)
    world.product.transfer_jobs.tend(str(member.account_id), application_id)
    assert transfer(world, member, application_id).state == "differs"


def test_a_silent_centre_is_asked_again_and_the_member_may_call_back(world: World, member: Member) -> None:
    counter = office(world)
    application_id = asked(world, member)
    no = transfer(world, member, application_id).letter_no
    world.later(days=14)
    world.product.transfer_jobs.tend(str(member.account_id), application_id)
    world.run_jobs(member.account_id)
    assert told(world, "transfer_silent") == {"sms": [], "wechat": []}
    world.later(days=1)
    for _ in range(2):
        world.product.transfer_jobs.tend(str(member.account_id), application_id)
    assert len(counter.asked) >= 3
    world.run_jobs(member.account_id)
    silent = [f for fields in told(world, "transfer_silent").values() for f in fields]
    assert {f["days"] for f in silent} == {"15"}
    assert all(len(fields) <= 1 for fields in told(world, "transfer_silent").values())

    tokens = world.sign_in(member.person)[1]
    again = Member(**{**{n: getattr(member, n) for n in Member.__dataclass_fields__}, "tokens": tokens})
    answer = post(world, again, f"/applications/{application_id}/cancel", {})
    assert (answer.status_code, answer.get_json()["state"]) == (200, "forwarded")
    assert "正在撤回" in answer.get_json()["waiting_text"]
    assert answer.get_json()["cancellable"] is False
    world.run_jobs(member.account_id, "transfers.tend")
    assert counter.withdrawn == [no]
    found = shown(world, again, application_id)
    assert (found["state"], steps(found)[-1]) == ("cancelled", ("已撤销", "您", "failed"))


def test_a_letter_that_never_left_is_called_back_at_once(world: World, member: Member) -> None:
    counter = office(world)
    application_id = requested(world, member)
    answer = post(world, member, f"/applications/{application_id}/cancel", {})
    assert answer.get_json()["state"] == "cancelled"
    world.run_jobs(member.account_id, "transfers.tend")
    assert (counter.applied, counter.withdrawn) == ([], [])


def test_called_back_too_late(world: World, member: Member) -> None:
    """The other centre says no to the calling back, or its money is faster: nothing is lost."""
    counter = office(world)
    counter.withdrawal = LetterReply("rejected", "E9102", "已在转出")
    application_id = asked(world, member)
    no = transfer(world, member, application_id).letter_no
    post(world, member, f"/applications/{application_id}/cancel", {})
    world.run_jobs(member.account_id, "transfers.tend")
    assert transfer(world, member, application_id).state == "asked"
    counter.withdrawal = LetterReply("unknown", "answer.none")
    post(world, member, f"/applications/{application_id}/cancel", {})
    world.run_jobs(member.account_id, "transfers.tend")
    pay(world, line(no))
    write(world, no)
    assert world.balance(member) == (AFTER, 0)
    assert shown(world, member, application_id)["state"] == "completed"


def test_what_was_not_pushed_is_asked_for(world: World, member: Member) -> None:
    """A letter lost on the way is found by BDC904, a notice lost on the way by BDC113, a lost application is sent again."""
    counter = office(world)
    application_id = asked(world, member)
    no = transfer(world, member, application_id).letter_no
    counter.news = LetterNews(no, "no_record", "NOREC")
    world.product.transfer_jobs.tend(str(member.account_id), application_id)
    world.run_jobs(member.account_id, "transfers.tend")
    assert [one.letter_no for one in counter.applied] == [no, no]
    counter.news = LetterNews(no, "letter", "08", "", ACCOUNT)
    world.product.transfer_jobs.tend(str(member.account_id), application_id)
    assert transfer(world, member, application_id).state == "promised"
    world.node.changes = [line(no)]
    world.product.transfer_sweeps.take_up()
    assert world.balance(member) == (AFTER, 0)


def test_months_elsewhere_count_for_rent_and_not_for_another_transfer(world: World) -> None:
    """Six months here from May and six proven there up to April: twelve without a gap."""
    member = world.member(months=6)
    office(world)
    application_id = asked(world, member)
    no = transfer(world, member, application_id).letter_no
    write(world, no, account=replace(ACCOUNT, paid_through_month="2026-04"))
    pay(world, line(no))
    with transaction(world.sessions) as session:
        months = transferred_months(session, member.account_id)
    assert [f"{month:%Y-%m}" for month in months] == [
        "2026-04", "2026-03", "2026-02", "2026-01", "2025-12", "2025-11",
    ]  # fmt: skip
    world.consent(member)
    facts = {fact["label"]: fact["value_text"] for fact in quote(world, member, "rent-withdrawal")["facts"]}
    assert facts["缴存记录"] == "连续缴存 12 个月"


def test_an_account_that_money_is_coming_to_is_not_closed(world: World) -> None:
    office(world)
    member = world.member(months=10)
    world.sharing.answers["social.status"] = ("ok", {"status": "retired", "retired_on": "2026-10-01"})
    world.consent(member)
    made = apply(world, member, "retirement-withdrawal", {"card_id": str(member.card_id)})
    assert made.status_code == 201, made.get_json()
    requested(world, member)
    problem(confirm(world, member, made.get_json()["application_id"]), 409, "transfer.under_way")


def test_a_closed_account_asks_for_nothing(world: World, member: Member) -> None:
    office(world)
    made = apply(world, member, ITEM, {"centre": "C43010"})
    with transaction(world.sessions) as session:
        session.execute(
            text("UPDATE provident_fund_account SET state = '06' WHERE account_id = :a"),
            {"a": member.account_id},
        )
    problem(confirm(world, member, made.get_json()["application_id"]), 409, "account.not_usable")
    with transaction(world.sessions) as session:
        session.execute(
            text("UPDATE provident_fund_account SET state = '01' WHERE account_id = :a"),
            {"a": member.account_id},
        )

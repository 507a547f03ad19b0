"""From a rule's "let people look" to money, or to a no that explains itself: never by one person alone."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image
from sqlalchemy import text

from services.applications.models import Application
from tests.support.domain.desk import Colleague, DeskWorld
from tests.support.domain.fakes import movement
from tests.support.domain.persons import Person
from tests.support.domain.world import Member, World

REFUSE = {
    "verdict": "refuse",
    "reason": "documents_missing",
    "member_text": "缺少租房合同首页，请补拍后重新申请。",
}

def jpeg() -> bytes:
    """A picture from a phone."""
    out = io.BytesIO()
    Image.effect_noise((800, 600), 40).convert("RGB").save(out, "JPEG")
    return out.getvalue()


def upload(world: World, member: Member, case: Application) -> str:
    """The member adds a picture; returns its address."""
    answer = world.client().post(
        f"/api/v1/applications/{case.application_id}/documents",
        data={"file": (io.BytesIO(jpeg()), "合同.jpg")},
        headers=member.bearer,
    )
    assert answer.status_code == 201, answer.get_json()
    return str(answer.get_json()["url"])


def approve(colleague: Colleague, case: Application, amount: str = "3000.00") -> None:
    """Claim and propose a yes."""
    assert colleague.act(case, "claim").status_code == 303
    assert colleague.act(case, "opinion", verdict="approve", amount=amount).status_code == 303


def pay_out(world: World, member: Member) -> None:
    """The bank takes the order and its movement comes in."""
    world.run_jobs(member.account_id, "settlement.dispatch")
    order = world.node.sent[-1]
    world.product.settlement_jobs.take_changes([movement(order)])
    world.run_jobs(member.account_id)


def test_a_married_member_s_rent_is_looked_at_by_two_and_paid(
    world: World, desk: DeskWorld, anna: Colleague, boris: Colleague
) -> None:
    """56,000.00 less 3,000.00 are 53,000.00."""
    member, case = desk.in_review()
    url = upload(world, member, case)
    assert case.case_no in anna.client.get("/queue").get_data(as_text=True)
    approve(anna, case)
    assert world.state(case) == ("in_review", None)
    own = anna.act(case, "decision", outcome="confirm")
    assert own.status_code == 403
    assert "不能复核自己提出的意见" in own.get_data(as_text=True)
    assert "¥3,000.00" in boris.page(case)
    picture = url.rsplit("/", 1)[1]
    shown = boris.client.get(f"/cases/{case.case_no}/pictures/{picture}")
    assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
    assert boris.act(case, "decision", outcome="confirm").status_code == 303
    assert world.balance(member) == (5_300_000, 300_000)
    pay_out(world, member)
    assert world.state(case) == ("paid", "paid")
    assert world.balance(member) == (5_300_000, 0)
    told = [n for n in world.channels["sms"].sent if n.template == "settlement_paid"]
    assert [n.fields["amount"] for n in told] == ["3000.00"]


def test_less_than_asked_can_be_approved_and_more_cannot(
    world: World, desk: DeskWorld, anna: Colleague, boris: Colleague
) -> None:
    member, case = desk.in_review(300_000)
    anna.act(case, "claim")
    for amount, code in (("3000.01", 422), ("0.00", 422), ("-1.00", 422), ("３０００", 422), ("", 422)):
        assert anna.act(case, "opinion", verdict="approve", amount=amount).status_code == code
    assert anna.act(case, "opinion", verdict="approve", amount="1,234.56").status_code == 303
    assert boris.act(case, "decision", outcome="confirm").status_code == 303
    assert world.balance(member) == (5_476_544, 123_456)
    pay_out(world, member)
    assert world.node.sent[-1].amount_fen == 123_456
    shown = (
        world.client().get(f"/api/v1/applications/{case.application_id}", headers=member.bearer).get_json()
    )
    assert (shown["amount_fen"], shown["result"]["asked_fen"]) == (123_456, 300_000)


def test_a_refusal_tells_the_member_why(
    world: World, desk: DeskWorld, anna: Colleague, boris: Colleague
) -> None:
    member, case = desk.in_review()
    anna.act(case, "claim")
    assert anna.act(case, "opinion", **REFUSE).status_code == 303
    assert world.state(case)[0] == "in_review"
    assert boris.act(case, "decision", outcome="confirm").status_code == 303
    world.run_jobs(member.account_id)
    shown = (
        world.client().get(f"/api/v1/applications/{case.application_id}", headers=member.bearer).get_json()
    )
    assert shown["state"] == "refused"
    refusal = shown["refusals"][0]
    assert (refusal["code"], refusal["rule"]) == ("review.documents_missing", "缺少材料")
    assert refusal["text"] == REFUSE["member_text"]
    assert refusal["turn_to"]
    told = [n for n in world.channels["wechat"].sent if n.template == "review_refused"]
    assert [n.fields for n in told] == [{"date": "11月23日", "item": "租房提取", "reason": "缺少材料"}]
    assert not [n for n in world.channels["sms"].sent if n.template == "review_refused"]
    assert world.balance(member) == (5_600_000, 0)
    notices = world.client().get("/api/v1/notices", headers=member.bearer).get_json()["notices"]
    assert "没有通过审核：缺少材料" in notices[0]["text"]


def test_sent_back_it_stays_with_the_first_who_may_propose_again(
    world: World, desk: DeskWorld, anna: Colleague, boris: Colleague
) -> None:
    _, case = desk.in_review()
    approve(anna, case)
    assert boris.act(case, "decision", outcome="send_back", note="").status_code == 422
    assert boris.act(case, "decision", outcome="send_back", note="请再核对合同日期").status_code == 303
    assert "请再核对合同日期" in anna.page(case)
    assert boris.act(case, "decision", outcome="confirm").status_code == 409
    assert anna.act(case, "opinion", **REFUSE).status_code == 303
    assert boris.act(case, "decision", outcome="confirm").status_code == 303
    assert world.state(case)[0] == "refused"


def test_a_yes_is_to_the_opinion_that_was_read(
    world: World, desk: DeskWorld, anna: Colleague, boris: Colleague
) -> None:
    """Boris reads "pay 1,000.00"; meanwhile it is sent back and 3,000.00 are proposed: his old page pays nothing."""
    member, case = desk.in_review()
    path = f"/cases/{case.case_no}"
    assert anna.act(case, "claim").status_code == 303
    assert anna.act(case, "opinion", verdict="approve", amount="1000.00").status_code == 303
    read = boris.seen(path)
    assert boris.act(case, "decision", outcome="send_back", note="请再核对合同日期").status_code == 303
    assert anna.act(case, "opinion", verdict="approve", amount="3000.00").status_code == 303
    for stale in (read, {"opinion": ""}, {"opinion": "x"}):
        late = boris.post(f"{path}/decision", **{**stale, "outcome": "confirm"})
        assert late.status_code == 409
        assert "请看过再定" in late.get_data(as_text=True)
    assert world.state(case)[0] == "in_review"
    assert boris.act(case, "decision", outcome="confirm").status_code == 303
    assert world.balance(member) == (5_300_000, 300_000)


def test_who_did_what_is_in_the_member_s_own_log(
    world: World, desk: DeskWorld, anna: Colleague, boris: Colleague
) -> None:
    member, case = desk.in_review()
    anna.page(case)
    anna.page(case)
    approve(anna, case)
    revealed = anna.act(case, "reveal", reason="check_documents").get_data(as_text=True)
    assert member.person.id_no in revealed
    assert member.person.id_no not in anna.page(case)
    boris.act(case, "decision", outcome="confirm")
    assert anna.act(case, "reveal", reason="check_documents").status_code == 409  # nothing is left to check
    entries = world.client().get("/api/v1/audit-log", headers=member.bearer).get_json()["entries"]
    staff = [entry["text"] for entry in reversed(entries) if entry["actor"] == "工作人员"]
    assert staff == [
        "审核时查看了您的业务",
        "领取了您的业务",
        "提出了审核意见",
        "为核对查看了您的姓名、证件号和手机号",
        "审核时查看了您的业务",
        "复核并作出决定",
        "审核通过，核准提取",
    ]


def test_of_two_who_claim_at_once_one_wins(
    world: World, desk: DeskWorld, anna: Colleague, boris: Colleague
) -> None:
    for _ in range(5):
        _, case = desk.in_review()
        marks = [person.mark("/queue") for person in (anna, boris)]
        with ThreadPoolExecutor(2) as pool:
            answers = list(
                pool.map(
                    lambda pair: pair[0].client.post(f"/cases/{case.case_no}/claim", data={"mark": pair[1]}),  # noqa: B023
                    zip((anna, boris), marks, strict=True),
                )
            )
        assert sorted(answer.status_code for answer in answers) == [303, 409]
        row = world.one(
            "SELECT count(*) AS n FROM review_claim WHERE application_id = :a", a=case.application_id
        )
        assert row.n == 1


def test_two_who_confirm_at_once_approve_once(world: World, desk: DeskWorld, anna: Colleague) -> None:
    others = [desk.colleague().sign_in(), desk.colleague().sign_in()]
    member, case = desk.in_review()
    approve(anna, case)
    marks = [person.mark("/queue") for person in others]
    seen = others[0].seen(f"/cases/{case.case_no}")
    with ThreadPoolExecutor(2) as pool:
        answers = list(
            pool.map(
                lambda pair: pair[0].client.post(
                    f"/cases/{case.case_no}/decision", data={**seen, "mark": pair[1], "outcome": "confirm"}
                ),
                zip(others, marks, strict=True),
            )
        )
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    assert world.balance(member) == (5_300_000, 300_000)


def test_only_the_holder_proposes_and_a_claim_can_be_given_back(
    world: World, desk: DeskWorld, anna: Colleague, boris: Colleague
) -> None:
    _, case = desk.in_review()
    assert anna.act(case, "opinion", verdict="approve", amount="3000.00").status_code == 403
    assert anna.act(case, "claim").status_code == 303
    assert boris.act(case, "claim").status_code == 409
    assert boris.act(case, "opinion", **REFUSE).status_code == 403
    assert anna.act(case, "release").status_code == 303
    approve(boris, case)
    assert boris.act(case, "release").status_code == 409
    assert anna.act(case, "decision", outcome="confirm").status_code == 303


def test_roles_bound_what_somebody_may_do(world: World, desk: DeskWorld, anna: Colleague) -> None:
    reviewer, approver = desk.colleague("reviewer").sign_in(), desk.colleague("approver").sign_in()
    _, case = desk.in_review()
    assert approver.act(case, "claim").status_code == 403
    assert reviewer.act(case, "claim").status_code == 303
    assert approver.act(case, "release").status_code == 303
    approve(anna, case)
    assert reviewer.act(case, "decision", outcome="confirm").status_code == 403
    assert approver.act(case, "decision", outcome="confirm").status_code == 303


def test_nobody_works_on_their_own_case(world: World, desk: DeskWorld, boris: Colleague) -> None:
    member, case = desk.in_review()
    self_server = desk.colleague(id_no=member.person.id_no).sign_in()
    assert self_server.client.get(f"/cases/{case.case_no}").status_code == 403
    assert self_server.act(case, "claim").status_code == 403
    approve(boris, case)
    assert self_server.act(case, "decision", outcome="confirm").status_code == 403
    assert self_server.act(case, "reveal", reason="check_documents").status_code == 403


def test_a_new_login_is_no_second_person(world: World, desk: DeskWorld, boris: Colleague) -> None:
    """Proposed under the old login, neither confirmed nor sent back under the new one; a colleague does."""
    id_no = Person().id_no
    first = desk.colleague(id_no=id_no).sign_in()
    member, case = desk.in_review()
    approve(first, case)
    again = desk.come_back(first, id_no).sign_in()
    seen = boris.seen(f"/cases/{case.case_no}")
    assert "自己不能复核自己的意见" in again.page(case)
    for outcome in ("confirm", "send_back"):
        own = again.client.post(
            f"/cases/{case.case_no}/decision",
            data={**seen, "outcome": outcome, "note": "请再核对", "mark": again.mark("/queue")},
        )
        assert own.status_code == 403
        assert "不能复核自己提出的意见" in own.get_data(as_text=True)
    assert world.balance(member) == (5_600_000, 0)
    assert boris.act(case, "decision", outcome="confirm").status_code == 303
    assert world.balance(member) == (5_300_000, 300_000)


def test_people_without_a_number_are_told_apart_by_login(
    world: World, desk: DeskWorld, anna: Colleague
) -> None:
    """That both have none makes nobody one person; nor does one number and none."""
    numbered = desk.colleague(id_no=Person().id_no).sign_in()
    for proposer, second in ((anna, desk.colleague().sign_in()), (anna, numbered), (numbered, anna)):
        _, case = desk.in_review()
        approve(proposer, case)
        assert second.act(case, "decision", outcome="confirm").status_code == 303


def test_the_member_may_cancel_a_claimed_case_and_the_desk_is_told(
    world: World, desk: DeskWorld, anna: Colleague, boris: Colleague
) -> None:
    member, case = desk.in_review()
    approve(anna, case)
    path = f"/api/v1/applications/{case.application_id}/cancel"
    assert world.client().post(path, headers=member.bearer).get_json()["state"] == "cancelled"
    late = boris.act(case, "decision", outcome="confirm")
    assert late.status_code == 409
    assert "已经不在审核中" in late.get_data(as_text=True)
    assert case.case_no not in boris.client.get("/queue").get_data(as_text=True)
    assert world.balance(member) == (5_600_000, 0)


def test_money_that_is_gone_meanwhile_is_not_approved(
    world: World, desk: DeskWorld, anna: Colleague, boris: Colleague
) -> None:
    """A court freezes 55,000.00 of 56,000.00 while the case waits: 3,000.00 are no longer there."""
    member, case = desk.in_review()
    approve(anna, case)
    freeze = text("UPDATE member_balance SET frozen_fen = :fen WHERE account_id = :a")
    with world.sessions.begin() as session:
        session.execute(freeze, {"fen": 5_500_000, "a": member.account_id})
    assert boris.act(case, "decision", outcome="confirm").status_code == 409
    row = world.one(
        "SELECT count(*) AS n FROM review_decision WHERE application_id = :a", a=case.application_id
    )
    assert row.n == 0
    assert world.state(case) == ("in_review", None)
    with world.sessions.begin() as session:
        session.execute(freeze, {"fen": 0, "a": member.account_id})
    assert boris.act(case, "decision", outcome="confirm").status_code == 303


@pytest.mark.parametrize(
    "text_",
    ["短", "证件号430102199001011234不符", "请打13800000001", "卡号6217000000000000012不对", "好" * 201],
)
def test_what_the_member_reads_is_plain_and_without_numbers(
    desk: DeskWorld, anna: Colleague, text_: str
) -> None:
    _, case = desk.in_review()
    anna.act(case, "claim")
    assert anna.act(case, "opinion", **{**REFUSE, "member_text": text_}).status_code == 422
    assert anna.act(case, "opinion", **{**REFUSE, "reason": "made_up"}).status_code == 422

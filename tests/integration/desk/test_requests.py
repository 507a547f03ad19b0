"""What is missing is asked for: the member reads it, adds a picture, and the case goes on with the same person."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.applications.models import Application
from services.core.db import transaction
from tests.integration.desk.test_four_eyes import approve, upload
from tests.support.domain.desk import Colleague, DeskWorld
from tests.support.domain.world import Member, World

ASK = "请补拍租房合同的最后一页，要看得清签字。"


def wanted(world: World, member: Member, case: Application) -> object:
    """What the member's page says is missing."""
    answer = world.client().get(
        f"/api/v1/applications/{case.application_id}/documents", headers=member.bearer
    )
    return answer.get_json()["wanted"]


def listed(colleague: Colleague, stage: str) -> str:
    """The queue at one stage."""
    return colleague.client.get(f"/queue?stage={stage}").get_data(as_text=True)


def test_the_member_reads_what_is_missing_until_a_picture_comes(
    world: World, desk: DeskWorld, anna: Colleague
) -> None:
    member, case = desk.in_review()
    upload(world, member, case)
    anna.act(case, "claim")
    world.later(seconds=60)
    assert anna.act(case, "request", member_text=ASK).status_code == 303
    told = wanted(world, member, case)
    assert isinstance(told, dict)
    assert told["text"] == ASK
    assert case.case_no in listed(anna, "asked")
    assert case.case_no not in listed(anna, "claimed")
    assert "还在等本人补" in anna.page(case)
    world.later(seconds=60)
    upload(world, member, case)
    assert wanted(world, member, case) is None
    assert case.case_no in listed(anna, "claimed")
    assert "本人已经补了图片" in anna.page(case)


def test_the_member_is_told_that_something_is_missing(
    world: World, desk: DeskWorld, anna: Colleague
) -> None:
    """By the first channel that works; not what is missing, which is said on the page."""
    member, case = desk.in_review()
    anna.act(case, "claim")
    world.run_jobs(member.account_id)
    assert anna.act(case, "request", member_text=ASK).status_code == 303
    world.run_jobs(member.account_id)
    sent = [notice for notice in world.channels["wechat"].sent if notice.template == "review_asked"]
    assert [dict(notice.fields) for notice in sent] == [{"date": "11月23日", "item": "租房提取"}]


def test_only_who_has_the_case_asks_and_not_while_an_opinion_waits(
    desk: DeskWorld, anna: Colleague, boris: Colleague
) -> None:
    _, case = desk.in_review()
    assert anna.act(case, "request", member_text=ASK).status_code == 403
    approve(anna, case)
    assert boris.act(case, "request", member_text=ASK).status_code == 403
    assert anna.act(case, "request", member_text=ASK).status_code == 409


@pytest.mark.parametrize("words", ["", "补图", "补" * 201, "请打 13800000001 找我"])
def test_words_that_the_member_could_not_use_are_not_sent(
    world: World, desk: DeskWorld, anna: Colleague, words: str
) -> None:
    member, case = desk.in_review()
    anna.act(case, "claim")
    assert anna.act(case, "request", member_text=words).status_code == 422
    assert wanted(world, member, case) is None


def test_a_member_is_asked_five_times_at_most(desk: DeskWorld, anna: Colleague) -> None:
    _, case = desk.in_review()
    anna.act(case, "claim")
    codes = [anna.act(case, "request", member_text=ASK).status_code for _ in range(6)]
    assert codes == [303, 303, 303, 303, 303, 409]


def test_what_was_asked_cannot_be_unsaid(world: World, desk: DeskWorld, anna: Colleague) -> None:
    _, case = desk.in_review()
    anna.act(case, "claim")
    anna.act(case, "request", member_text=ASK)
    for statement in ("UPDATE review_request SET text = 'x'", "DELETE FROM review_request"):
        with pytest.raises(DBAPIError), transaction(world.sessions) as session:
            session.execute(text(statement))


def test_the_desk_shows_what_the_member_wrote(desk: DeskWorld, anna: Colleague) -> None:
    _, case = desk.in_review(300_000)
    page = anna.page(case)
    assert "本人填写" in page
    assert "3,000.00 元" in page


def test_a_stage_is_looked_for_in_the_whole_queue(
    world: World, desk: DeskWorld, anna: Colleague, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest of one's own cases is the only one with an opinion, and an older one fills the page before it."""
    monkeypatch.setattr("services.reviews.queries.QUEUE_PAGE", 1)
    _, older = desk.in_review()
    anna.act(older, "claim")
    world.later(seconds=60)
    _, case = desk.in_review()
    approve(anna, case)
    assert case.case_no in anna.client.get("/queue?stage=proposed&mine=1").get_data(as_text=True)

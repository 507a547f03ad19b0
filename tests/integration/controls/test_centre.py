"""What the centre says: announcements while they are in force, counters; a lock by a call; a receipt that can be checked."""

from __future__ import annotations

import json
import re
from argparse import Namespace
from datetime import datetime
from uuid import UUID

import pytest

from runtime.cli.centre import run_announce
from services.certificates.receipt_pdf import check_code
from services.core.clock import SHANGHAI
from tests.contract.api.reading import problem
from tests.integration.controls.test_lock import call
from tests.support.domain.desk import Colleague, DeskWorld
from tests.support.domain.fixtures import anna, desk
from tests.support.domain.world import Member, World

__all__ = ["anna", "desk"]
WORDS = "今晚 22:00 到 24:00 系统维护，不能提交业务，查询不受影响。"
FORM = {"kind": "outage", "words": WORDS, "from": "2026-11-23T22:00", "until": "2026-11-24T00:00"}


def shown(world: World) -> list[str]:
    """What a stranger's page shows at its top."""
    answer = world.client().get("/api/v1/public/announcements")
    assert answer.headers["Cache-Control"] == "public, max-age=30"
    return [one["text"] for one in answer.get_json()["announcements"]]


def test_an_outage_is_shown_from_and_until(world: World, anna: Colleague) -> None:
    assert anna.post("/announcements", **FORM).status_code == 303
    assert WORDS not in shown(world)
    world.later(hours=12)
    assert shown(world)[0] == WORDS
    world.later(hours=2)
    assert WORDS not in shown(world)


def test_withdrawn_it_is_gone_at_once(world: World, anna: Colleague) -> None:
    words = "系统正在维护，请稍后再来，查询不受影响。"
    assert (
        anna.post("/announcements", **{**FORM, "words": words, "from": "2026-11-23T09:00"}).status_code == 303
    )
    assert words in shown(world)
    page = anna.client.get("/announcements").get_data(as_text=True)
    paths = re.findall(r'action="(/announcements/[0-9a-f-]{36}/withdraw)"', page)
    for path in paths:
        anna.post(path)
    assert shown(world) == []


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"until": "2026-11-23T21:00"}, 422),
        ({"words": "短"}, 422),
        ({"words": "\u200b" * 12}, 422),
        ({"words": "系统今晚停机\x1b[31m维护"}, 422),
        ({"kind": "party"}, 422),
        ({"from": "tomorrow"}, 422),
        ({"until": "2026-13-40T99:99"}, 422),
        ({"from": "0001-01-01T00:00"}, 422),
        ({"until": "9999-12-31T23:59"}, 422),
    ],
)
def test_what_is_no_announcement(anna: Colleague, change: dict[str, str], status: int) -> None:
    assert anna.post("/announcements", **{**FORM, **change}).status_code == status


def test_a_command_publishes_and_withdraws(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """When the desk is not at hand; the command has the machine's clock."""
    settings = world.database.settings()
    words = "短信通道故障，收不到验证码的请稍后再试。"
    asked = Namespace(
        kind="outage",
        words=words,
        from_at=None,
        until_at=datetime(2099, 1, 1, tzinfo=SHANGHAI),
        withdraw=None,
    )
    run_announce(settings, asked)
    row = json.loads(capsys.readouterr().out)["announcements"][0]
    assert row["words"] == words
    run_announce(settings, Namespace(withdraw=UUID(row["id"]), words=None))
    assert row["id"] not in capsys.readouterr().out


def test_only_an_approver_publishes(desk: DeskWorld) -> None:
    clerk = desk.colleague("reviewer").sign_in()
    assert clerk.post("/announcements", **FORM).status_code == 403


def test_staff_lock_by_a_call_and_the_member_sees_who(world: World, member: Member, anna: Colleague) -> None:
    page = anna.post("/lock", id_no=member.person.id_no, reason="stolen").get_data(as_text=True)
    assert "已经上锁" in page
    held = call(world, member, "GET", "/controls").get_json()
    assert (held["locked"], held["locked_by"]) == (True, "工作人员")
    entry = call(world, member, "GET", "/audit-log").get_json()["entries"][0]
    assert (entry["actor"], entry["text"]) == ("工作人员", "上了提取锁")


@pytest.mark.parametrize(
    ("id_no", "reason", "status"),
    [("659999199003070014x", "stolen", 422), ("659999194001010019", "", 422)],
)
def test_a_lock_needs_a_number_and_a_reason(anna: Colleague, id_no: str, reason: str, status: int) -> None:
    assert anna.post("/lock", id_no=id_no, reason=reason).status_code == status


def test_counters_are_public(world: World) -> None:
    answer = world.client().get("/api/v1/public/service-points")
    body = answer.get_json()
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert body["assumed"] is True
    for point in body["points"]:
        assert 26 < float(point["latitude"]) < 28.5
        assert 112.9 < float(point["longitude"]) < 114.2
        assert all((point["address"], point["phone"], point["hours"]))


def test_a_receipt_is_a_file_that_can_be_checked(world: World, member: Member) -> None:
    case = world.approved(member)
    answer = call(world, member, "GET", f"/applications/{case.application_id}/receipt.pdf")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.data.startswith(b"%PDF")
    code = check_code(world.cipher, case)
    client = world.client()
    page = client.get(f"/verify/receipts/{case.case_no}?c={code}")
    html = page.get_data(as_text=True)
    assert page.status_code == 200
    assert "3,000.00" in html
    assert "已核准" in html
    assert member.person.name not in html
    wrong = client.get(f"/verify/receipts/{case.case_no}?c={'2' * 10}")
    assert wrong.status_code == 404
    assert "3,000.00" not in wrong.get_data(as_text=True)


def test_another_s_receipt_is_not_there(world: World, member: Member) -> None:
    case = world.submit(member)
    path = f"/applications/{case.application_id}/receipt.pdf"
    problem(call(world, world.member(), "GET", path), 404, "request.not_found")

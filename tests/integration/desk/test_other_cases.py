"""Cases of other kinds: a register that is silent, an item without money; and adding people from the command line."""

from __future__ import annotations

import io
from argparse import Namespace

import pytest
from sqlalchemy import text

from config.settings import SettingsFault
from runtime.cli.staff import run_add_staff, run_disable, run_rotate_totp, seed_demo_staff
from services.applications.models import Application
from services.core.db import transaction
from services.staff.service import PersonTaken, disable, find_staff
from tests.support.domain.desk import PASSWORD, Colleague, DeskWorld
from tests.support.domain.persons import Person
from tests.support.domain.world import Member, World


@pytest.mark.parametrize(
    ("status", "words"), [("unavailable", "对方系统没有回音"), ("not_found", "没有查到")]
)
@pytest.mark.parametrize("service", ["estate.ownership", "civil.marriage"])
def test_a_silent_register_refuses_nobody(
    world: World, desk: DeskWorld, anna: Colleague, member: Member, service: str, status: str, words: str
) -> None:
    """The case goes to people, who see what is missing."""
    world.sharing.answers[service] = (status, {})
    case = world.confirm(member, world.submit(member))
    assert case.state == "in_review"
    page = anna.page(case)
    assert words in page
    assert "不符合" not in page


def card_case(world: World, member: Member) -> Application:
    """A new card that, for once, people look at."""
    form = {"card_no": Person("李新卡").card_no, "bank_code": "105000"}
    world.consent(member)
    prepared = world.prepare(member, form, "payee-card-change")
    with transaction(world.sessions) as session:
        case = world.product.engine.submit(session, member.account_id, prepared)
    with transaction(world.sessions) as session:
        session.execute(
            text(
                "UPDATE application SET quote = jsonb_set(quote, '{approval}', '\"review\"') WHERE case_no = :c"
            ),
            {"c": case.case_no},
        )
    return world.confirm(member, case)


def cards(world: World, member: Member) -> int:
    """How many payee cards the member has."""
    count = world.one("SELECT count(*) AS n FROM payee_card WHERE account_id = :a", a=member.account_id)
    return int(count.n)


def test_an_item_without_money_is_completed_by_the_second_person(
    world: World, desk: DeskWorld, anna: Colleague, boris: Colleague, member: Member
) -> None:
    case = card_case(world, member)
    assert case.state == "in_review"
    assert anna.act(case, "claim").status_code == 303
    assert anna.act(case, "opinion", verdict="approve", amount="1.00").status_code == 422
    assert anna.act(case, "opinion", verdict="approve").status_code == 303
    assert cards(world, member) == 1
    assert boris.act(case, "decision", outcome="confirm").status_code == 303
    assert world.state(case)[0] == "completed"
    assert cards(world, member) == 2


def test_an_item_without_money_can_be_refused(
    world: World, desk: DeskWorld, anna: Colleague, boris: Colleague, member: Member
) -> None:
    case = card_case(world, member)
    anna.act(case, "claim")
    no = {
        "verdict": "refuse",
        "reason": "not_own_wish",
        "member_text": "电话核实不是您本人申请的，卡没有添加。",
    }
    assert anna.act(case, "opinion", **no).status_code == 303
    assert boris.act(case, "decision", outcome="confirm").status_code == 303
    assert world.state(case)[0] == "refused"
    assert cards(world, member) == 1


def test_the_queue_is_filtered(world: World, desk: DeskWorld, anna: Colleague) -> None:
    _, waits = desk.in_review()
    world.later(days=2)
    anna.sign_in()
    _, fresh = desk.in_review()
    anna.act(fresh, "claim")

    def listed(query: str) -> set[str]:
        page = anna.client.get(f"/queue?{query}").get_data(as_text=True)
        return {case.case_no for case in (waits, fresh) if case.case_no in page}

    assert listed("") == {waits.case_no, fresh.case_no}
    assert listed("age=1") == {waits.case_no}
    assert listed("mine=1") == {fresh.case_no}
    assert listed("stage=open") == {waits.case_no}
    assert listed("stage=claimed") == {fresh.case_no}
    assert listed("item=payee-card-change") == set()
    assert listed("item=rent-withdrawal&age=x&stage=%27&mine=2") == {waits.case_no, fresh.case_no}


def test_people_are_added_from_the_command_line(
    world: World, desk: DeskWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = world.product.settings
    person = Namespace(login="zhouli", name="周丽", role=["reviewer"], id_no=None, password_stdin=True)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    assert run_add_staff(settings, person) == 0
    first = capsys.readouterr().out
    assert first.startswith("otpauth://totp/")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    assert run_add_staff(settings, person) == 1
    assert "staff.login_taken" in capsys.readouterr().err
    assert run_rotate_totp(settings, person) == 0
    assert capsys.readouterr().out != first
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert run_add_staff(settings, Namespace(**{**vars(person), "login": "zhouwu"})) == 1
    assert run_disable(settings, person) == 0
    colleague = Colleague("zhouli", b"", desk.client(), world)
    assert colleague.post("/sign-in", login="zhouli", password=PASSWORD).status_code == 401


def test_production_adds_nobody_without_an_id_number(world: World, desk: DeskWorld) -> None:
    production = world.product.settings.model_copy(update={"env": "production"})
    person = Namespace(login="zhouqi", name="周七", role=["reviewer"], id_no=None, password_stdin=True)
    with pytest.raises(SettingsFault, match="--id-no"):
        run_add_staff(production, person)
    with transaction(world.sessions) as session:
        assert find_staff(session, "zhouqi") is None


def test_one_person_has_one_login(world: World, desk: DeskWorld) -> None:
    """Two names for one ID number would be two pairs of eyes in one head; who has left may come back."""
    id_no = Person().id_no
    first = desk.colleague("reviewer", id_no=id_no)
    with pytest.raises(PersonTaken):
        desk.colleague("approver", id_no=id_no)
    with transaction(world.sessions) as session:
        disable(session, first.login, world.clock.now())
    desk.colleague("approver", id_no=id_no)


def test_the_demo_s_staff_are_made_once(world: World) -> None:
    assert (seed_demo_staff(world.product), seed_demo_staff(world.product)) == (2, 0)
    with transaction(world.sessions) as session:
        found = find_staff(session, "fuhe")
    assert found is not None
    assert (found.demo, found.roles) == (True, ["approver", "reviewer"])

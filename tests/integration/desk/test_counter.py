"""At the counter: a binding ended and a number changed by two people, in one transaction, with all that follows."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from services.core.db import transaction
from services.core.errors import Conflict
from services.counter.moving import CounterTending
from services.items import phone_changing
from services.members.binding import BoundElsewhere, bind, bindings_of
from services.members.models import Member as Row
from tests.support.domain.cases import confirm as confirmed_by_face
from tests.support.domain.counter import NOTE, confirm, look, propose, proposed, row, to_change, to_unbind
from tests.support.domain.desk import Colleague, DeskWorld
from tests.support.domain.persons import Person
from tests.support.domain.phones import applied, new_number, number_on_record
from tests.support.domain.world import Member, World, public_point


def asked(world: World, member: Member, path: str) -> Any:
    """The answer to the member's own phone."""
    return world.client().get(f"/api/v1{path}", headers=member.bearer)


def bind_other(world: World, member: Member, channel: str = "h5") -> None:
    """Another WeChat user, on another phone, with the member's SMS code."""
    key = public_point(ec.generate_private_key(ec.SECP256R1())) if channel == "h5" else None
    openid = f"y{member.person.number:027d}"
    with transaction(world.sessions) as session:
        bind(session, world.cipher, member.account_id, openid, channel, key, world.clock.now())


def channels(world: World, member: Member) -> list[str]:
    """Where the member is bound."""
    with transaction(world.sessions) as session:
        return [one.channel for one in bindings_of(session, member.account_id)]


def told(world: World, member: Member) -> list[tuple[str, str]]:
    """Template and recipient of every notice that has gone."""
    world.run_jobs(member.account_id)
    return [(n.template, n.recipient) for c in ("sms", "wechat") for n in world.channels[c].sent]


def acts(world: World, member: Member) -> list[tuple[str, str]]:
    """The member's audit chain, oldest first: actor and action of what the counter did."""
    statement = (
        "SELECT string_agg(actor || ' ' || action, ',' ORDER BY seq) AS acts FROM audit_entry"
        " WHERE account_id = :a AND actor LIKE 'staff:%'"
    )
    found = world.one(statement, a=member.account_id).acts or ""
    return [tuple(one.split(" ", 1)) for one in found.split(",") if one]  # type: ignore[misc]


def test_a_look_up_shows_masks_and_is_on_the_member_s_record(
    world: World, member: Member, anna: Colleague
) -> None:
    page = look(anna, member)
    shown = page.get_data(as_text=True)
    assert page.status_code == 200
    assert "公众号" in shown
    person = member.person
    assert [secret for secret in (person.name, person.id_no, person.phone) if secret in shown] == []
    assert f"{person.phone[:3]}****{person.phone[-4:]}" in shown
    entry = asked(world, member, "/audit-log").get_json()["entries"][0]
    assert (entry["actor"], entry["text"]) == ("工作人员", "在柜台凭身份证查了您的登记信息")


def test_looking_up_is_counted(world: World, anna: Colleague) -> None:
    """30 an hour for a person, as for locking."""
    nobody = Person().id_no
    found = [anna.post("/counter", id_no=nobody).status_code for _ in range(31)]
    assert (set(found[:30]), found[30]) == ({404}, 429)


def test_a_binding_ends_with_its_sessions_and_its_phone(
    world: World, member: Member, anna: Colleague, boris: Colleague
) -> None:
    """Proposed it still serves; confirmed nothing of it does, and the member is told."""
    address = to_unbind(anna, member)
    assert asked(world, member, "/home").status_code == 200
    assert confirm(boris, address).status_code == 303
    assert row(world, address).state == "done"
    assert channels(world, member) == []
    assert asked(world, member, "/home").status_code == 401
    ended = "SELECT count(*) AS n FROM device WHERE account_id = :a AND ended_at IS NULL"
    assert world.one(ended, a=member.account_id).n == 0
    assert ("unbound", member.person.phone) in told(world, member)
    assert acts(world, member) == [
        (f"staff:{anna.login}", "counter.proposed"),
        (f"staff:{boris.login}", "member.unbound"),
        (f"staff:{boris.login}", "counter.done"),
    ]


def test_the_rightful_person_binds_anew_and_money_waits_a_day(
    world: World, member: Member, anna: Colleague, boris: Colleague
) -> None:
    with pytest.raises(BoundElsewhere):
        bind_other(world, member)
    confirm(boris, to_unbind(anna, member))
    bind_other(world, member)
    assert channels(world, member) == ["h5"]
    binding = world.one(
        "SELECT extract(epoch FROM money_from - bound_at) AS waits FROM binding"
        " WHERE account_id = :a AND ended_at IS NULL",
        a=member.account_id,
    )
    assert binding.waits == 24 * 3600


def test_one_channel_or_all(world: World, member: Member, anna: Colleague, boris: Colleague) -> None:
    """The older one too, which the younger may not end by itself."""
    world.later(minutes=1)
    bind_other(world, member, "mini")
    confirm(boris, to_unbind(anna, member, "h5"))
    assert channels(world, member) == ["mini"]
    other = world.member()
    world.later(minutes=1)
    bind_other(world, other, "mini")
    confirm(boris, to_unbind(anna, other, "all"))
    assert channels(world, other) == []


def test_what_is_bound_since_then_is_not_ended(
    world: World, member: Member, anna: Colleague, boris: Colleague
) -> None:
    """The binding that was seen ended by itself, and another stands there now: nothing is done."""
    address = to_unbind(anna, member)
    with transaction(world.sessions) as session:
        for one in bindings_of(session, member.account_id):
            one.ended_at = world.clock.now()
    bind_other(world, member)
    answer = confirm(boris, address)
    assert answer.status_code == 409
    assert "绑定变了" in answer.get_data(as_text=True)
    assert (channels(world, member), row(world, address).state) == (["h5"], "proposed")


def test_a_new_number_makes_money_wait_and_both_phones_are_told(
    world: World, member: Member, anna: Colleague, boris: Colleague
) -> None:
    """24 hours; sessions stay; the new number is nowhere but on the record."""
    old, new = member.person.phone, new_number()
    address = to_change(anna, member, new)
    kept = row(world, address)
    assert (kept.phone_sealed is not None, kept.phone4) == (True, new[-4:])
    page = boris.client.get(address).get_data(as_text=True)
    assert (new in page, old in page, f"{new[:3]}****{new[-4:]}" in page) == (False, False, True)
    assert number_on_record(world, member) == old
    assert confirm(boris, address).status_code == 303
    assert number_on_record(world, member) == new
    kept = row(world, address)
    assert (kept.state, kept.phone_sealed, kept.phone4) == ("done", None, new[-4:])
    waits = world.one("SELECT money_from FROM binding WHERE account_id = :a", a=member.account_id).money_from
    assert (waits - world.clock.now()).total_seconds() == 24 * 3600
    assert sorted(told(world, member)) == sorted(
        [("phone_changed", new), ("phone_changed", member.person.openid), ("phone_left", old)]
    )
    former = "SELECT former_sealed FROM phone_change WHERE account_id = :a"
    assert world.one(former, a=member.account_id).former_sealed is None
    assert asked(world, member, "/home").status_code == 200
    assert acts(world, member) == [
        (f"staff:{anna.login}", "counter.proposed"),
        (f"staff:{boris.login}", "phone.changed"),
        (f"staff:{boris.login}", "counter.done"),
    ]
    listed = asked(world, member, "/notices").get_json()["notices"]
    assert {one["application_id"] for one in listed} == {None}


def test_the_new_number_is_typed_twice_and_is_another(world: World, member: Member, anna: Colleague) -> None:
    new = new_number()
    old = member.person.phone
    for phone, again, status in ((new, new_number(), 422), ("123", "123", 422), (old, old, 409)):
        assert propose(anna, member, kind="phone", phone=phone, phone_again=again).status_code == status


def test_without_the_card_or_a_reason_nothing_is_proposed(
    world: World, member: Member, anna: Colleague
) -> None:
    wanted = {"kind": "unbind", "channel": "h5"}
    wrongs = ({"card_seen": ""}, {"note": "丢"}, {"note": "电话 13900000000"}, {"channel": "web"}, {"kind": "x"})
    for wrong in wrongs:
        assert propose(anna, member, **{**wanted, **wrong}).status_code == 422
    assert propose(anna, member, **{**wanted, "channel": "mini"}).status_code == 409
    none = "SELECT count(*) AS n FROM counter_proposal WHERE account_id = :a"
    assert world.one(none, a=member.account_id).n == 0


def test_not_while_money_is_under_way(
    world: World, member: Member, anna: Colleague, boris: Colleague
) -> None:
    """Neither proposed, nor confirmed when a withdrawal came in between."""
    address, new = to_change(anna, member, new_number()), new_number()
    world.submit(member)
    assert confirm(boris, address).status_code == 409
    assert number_on_record(world, member) == member.person.phone
    anna.post(f"{address}/take-back")
    assert propose(anna, member, kind="phone", phone=new, phone_again=new).status_code == 409


def test_a_number_changed_meanwhile_is_not_overwritten(
    world: World, member: Member, anna: Colleague, boris: Colleague
) -> None:
    address = to_change(anna, member, new_number())
    world.later(minutes=5)
    with transaction(world.sessions) as session:
        session.get_one(Row, member.account_id).phone_changed_at = world.clock.now()
    answer = confirm(boris, address)
    assert (answer.status_code, "手机号变了" in answer.get_data(as_text=True)) == (409, True)
    assert row(world, address).state == "proposed"


def test_nobody_confirms_what_they_proposed(world: World, member: Member, anna: Colleague) -> None:
    address = to_unbind(anna, member)
    answer = confirm(anna, address)
    assert (answer.status_code, "要由另一个人复核" in answer.get_data(as_text=True)) == (403, True)
    assert (channels(world, member), row(world, address).state) == (["h5"], "proposed")


def test_nor_under_another_login(world: World, member: Member, desk: DeskWorld) -> None:
    id_no = world.member().person.id_no
    first = desk.colleague(id_no=id_no).sign_in()
    address = to_unbind(first, member)
    assert confirm(desk.come_back(first, id_no).sign_in(), address).status_code == 403


def test_nobody_does_it_for_themselves(
    world: World, member: Member, desk: DeskWorld, anna: Colleague
) -> None:
    """Neither looked up, nor proposed, seen or confirmed."""
    own = desk.colleague(id_no=member.person.id_no).sign_in()
    assert look(own, member).status_code == 403
    assert propose(own, member, kind="unbind", channel="h5").status_code == 403
    address = to_unbind(anna, member)
    assert own.client.get(address).status_code == 403
    assert confirm(own, address).status_code == 403
    assert own.post(f"{address}/decision", outcome="refuse", note="不用办了吧").status_code == 403
    assert channels(world, member) == ["h5"]


def test_each_step_wants_its_role(world: World, member: Member, desk: DeskWorld, anna: Colleague) -> None:
    reviewer = desk.colleague("reviewer").sign_in()
    approver = desk.colleague("approver").sign_in()
    assert look(approver, member).status_code == 403
    assert propose(approver, member, kind="unbind", channel="h5").status_code == 403
    address = to_unbind(reviewer, member)
    assert confirm(desk.colleague("reviewer").sign_in(), address).status_code == 403
    assert confirm(approver, address).status_code == 303


def test_one_open_proposal_a_member(world: World, member: Member, anna: Colleague, boris: Colleague) -> None:
    address, new = to_unbind(anna, member), new_number()
    again = {"kind": "phone", "phone": new, "phone_again": new}
    answer = propose(boris, member, **again)
    assert (answer.status_code, "在等复核" in answer.get_data(as_text=True)) == (409, True)
    assert boris.post(f"{address}/take-back").status_code == 403
    assert anna.post(f"{address}/take-back").status_code == 303
    assert row(world, address).state == "taken_back"
    assert confirm(boris, address).status_code == 409
    assert proposed(boris, member, **again)


def test_a_refusal_has_its_reason_and_does_nothing(
    world: World, member: Member, anna: Colleague, boris: Colleague
) -> None:
    address = to_change(anna, member, new_number())
    assert boris.post(f"{address}/decision", outcome="refuse", note="").status_code == 422
    why = "照片和来人不像"
    assert boris.post(f"{address}/decision", outcome="refuse", note=why).status_code == 303
    kept = row(world, address)
    assert (kept.state, kept.phone_sealed) == ("refused", None)
    page = anna.client.get(address).get_data(as_text=True)
    assert (why in page, NOTE in page) == (True, True)
    assert number_on_record(world, member) == member.person.phone
    assert told(world, member) == []


def test_after_a_day_it_has_lapsed(world: World, member: Member, anna: Colleague, boris: Colleague) -> None:
    """24 hours, by the instant; the duty forgets the number, and another may be proposed."""
    first = to_change(anna, member, new_number())
    world.later(hours=24)
    anna.sign_in()
    boris.sign_in()
    answer = confirm(boris, first)
    assert (answer.status_code, "过期" in answer.get_data(as_text=True)) == (409, True)
    assert number_on_record(world, member) == member.person.phone
    CounterTending(world.sessions, world.clock).take_up()
    kept = row(world, first)
    assert (kept.state, kept.phone_sealed) == ("lapsed", None)
    second = to_change(anna, member, new_number())
    world.later(hours=25)
    anna.sign_in()
    third = to_change(anna, member, new_number())  # no duty ran in between
    assert [row(world, one).state for one in (second, third)] == ["lapsed", "proposed"]
    anna.post(f"{third}/take-back")


def test_who_left_has_proposed_nothing(
    world: World, member: Member, desk: DeskWorld, boris: Colleague
) -> None:
    gone = desk.colleague(id_no=world.member().person.id_no).sign_in()
    address = to_unbind(gone, member)
    desk.come_back(gone, world.member().person.id_no)
    answer = confirm(boris, address)
    assert (answer.status_code, "停用" in answer.get_data(as_text=True)) == (409, True)
    assert boris.post(f"{address}/decision", outcome="refuse", note="请同事重新提出").status_code == 303
    assert channels(world, member) == ["h5"]


def test_all_or_nothing(
    world: World, member: Member, anna: Colleague, boris: Colleague, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last event cannot be written: number, decision and state are as before, and a second try works."""
    new = new_number()
    address = to_change(anna, member, new)
    real = phone_changing.emit

    def broken(session: Any, account_id: Any, topic: str, *rest: Any) -> Any:
        if topic == "phone.left":
            raise RuntimeError("disk full")
        return real(session, account_id, topic, *rest)

    monkeypatch.setattr(phone_changing, "emit", broken)
    assert confirm(boris, address).status_code == 500
    assert (number_on_record(world, member), row(world, address).state) == (member.person.phone, "proposed")
    monkeypatch.undo()
    assert confirm(boris, address).status_code == 303
    assert number_on_record(world, member) == new
    assert len(told(world, member)) == 3


def test_the_desk_lists_what_waits(world: World, member: Member, anna: Colleague, boris: Colleague) -> None:
    address = to_unbind(anna, member)
    assert address in boris.client.get("/counter").get_data(as_text=True)
    confirm(boris, address)
    assert address not in boris.client.get("/counter").get_data(as_text=True)


@pytest.mark.parametrize("act", ["unbind", "phone"])
def test_a_number_asked_for_before_is_not_put_on_the_record_afterwards(
    world: World, member: Member, anna: Colleague, boris: Colleague, act: str
) -> None:
    """It waited for its proof, and would have undone what two people did; who asked may have been a stranger."""
    old, at_the_counter = member.person.phone, new_number()
    application_id = applied(world, member, new_number())
    address = to_unbind(anna, member) if act == "unbind" else to_change(anna, member, at_the_counter)
    assert confirm(boris, address).status_code == 303
    state = "SELECT state FROM application WHERE application_id = CAST(:a AS uuid)"
    assert world.one(state, a=application_id).state == "cancelled"
    with pytest.raises(Conflict):  # there is nothing to scan a face for
        confirmed_by_face(world, member, application_id)
    assert number_on_record(world, member) == (old if act == "unbind" else at_the_counter)


def test_a_page_that_is_shown_again_is_on_the_record_again(
    world: World, member: Member, anna: Colleague
) -> None:
    """The form alone, long after the look-up, shows who the member is now."""
    refused = propose(anna, member, kind="phone", phone="123", phone_again="123")
    assert refused.status_code == 422
    assert acts(world, member) == [(f"staff:{anna.login}", "counter.looked")]

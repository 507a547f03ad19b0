"""A second binding makes money wait: a code by SMS is enough to bind, and whoever has the SIM has the code."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import text

from services.core.db import transaction
from services.core.errors import Forbidden
from services.members.binding import active_device, bind
from services.withdrawals.risk import RiskFacts
from services.withdrawals.risk_desk import Asked, risk_facts
from tests.support.domain.world import Member, World, public_point


def bind_stranger(world: World, member: Member, channel: str = "mini") -> None:
    """Another WeChat user, on another phone, with the member's SMS code."""
    openid = f"x{member.person.number:027d}"
    point = public_point(ec.generate_private_key(ec.SECP256R1())) if channel == "h5" else None
    with transaction(world.sessions) as session:
        bind(session, world.cipher, member.account_id, openid, channel, point, world.clock.now())


def unbind(world: World, member: Member) -> None:
    """At the counter."""
    with transaction(world.sessions) as session:
        session.execute(
            text("UPDATE binding SET ended_at = :at WHERE account_id = :a"),
            {"a": member.account_id, "at": world.clock.now()},
        )


def test_a_first_binding_waits_for_nothing(world: World, member: Member) -> None:
    assert world.submit(member).state == "verifying"


@pytest.mark.parametrize("after_unbinding", [False, True])
def test_a_second_one_waits_a_day(world: World, member: Member, after_unbinding: bool) -> None:
    """Beside the page's binding, by the mini-program; or in its place."""
    if after_unbinding:
        unbind(world, member)
    bind_stranger(world, member, "h5" if after_unbinding else "mini")
    world.later(hours=23, minutes=59)
    with pytest.raises(Forbidden) as cooling:
        world.submit(member)
    assert cooling.value.code == "member.cooling"
    world.later(minutes=2)
    assert world.submit(member).state == "verifying"


def test_what_was_asked_for_before_waits_too(world: World, member: Member) -> None:
    """The thief binds while the member's own case waits for a face: it cannot be confirmed, and the face is kept."""
    application = world.submit(member)
    face = world.passed_face(member, application)
    bind_stranger(world, member)
    with pytest.raises(Forbidden) as cooling, transaction(world.sessions) as session:
        world.product.engine.confirm(session, member.account_id, application.application_id, face)
    assert cooling.value.code == "member.cooling"
    assert world.state(application) == ("verifying", None)
    assert world.balance(member) == (5_600_000, 0)


def test_binding_again_does_not_shorten_a_longer_wait(world: World, member: Member) -> None:
    """A number changed a moment ago makes money wait for three days; unbound and bound again it still does."""
    wait = "UPDATE binding SET money_from = :at WHERE account_id = :a"
    with transaction(world.sessions) as session:
        session.execute(text(wait), {"a": member.account_id, "at": world.clock.now() + timedelta(days=3)})
    unbind(world, member)
    bind_stranger(world, member, "h5")
    world.later(days=2)
    with pytest.raises(Forbidden) as cooling:
        world.submit(member)
    assert cooling.value.code == "member.cooling"


def test_risk_knows_of_it(world: World, member: Member) -> None:
    def facts() -> RiskFacts:
        with transaction(world.sessions) as session:
            policy, now = world.product.engine.policy(session), world.clock.now()
            asked = Asked(100, member.card_id)
            return risk_facts(session, member.account_id, "card_sms", asked, policy, now)

    before = facts()
    bind_stranger(world, member)
    world.later(hours=30)
    after = facts()
    assert (before.rebound_age_h, after.rebound_age_h) == (None, 30)


def test_the_mini_program_leaves_the_page_its_phone(world: World, member: Member) -> None:
    """Only the page signs frames: a binding elsewhere must not end its key."""
    with transaction(world.sessions) as session:
        before = active_device(session, member.account_id).device_id
    bind_stranger(world, member)
    with transaction(world.sessions) as session:
        assert active_device(session, member.account_id).device_id == before

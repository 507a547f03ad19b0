"""Attacks found by trying: many tries of the face at once, a return told before its payment, two bindings at once."""

from __future__ import annotations

from threading import Barrier, Thread
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from services.applications.models import Application
from services.core.db import transaction
from services.core.errors import DomainError, TooMany
from services.core.ids import new_id
from services.face.engine.types import Frame, Verdict
from services.face.service import Batch, Operation
from services.members.binding import bind
from services.members.consents import ConsentRequired, withdraw
from tests.support.domain.fakes import movement
from tests.support.domain.persons import Person
from tests.support.domain.world import Member, World, public_point

AMOUNT, OPENING = 300_000, 5_600_000
STRANGER = Verdict(False, ("match.other_person",), {}, {}, ())
NO_PHOTO = Verdict(False, ("face.photo_unavailable",), {}, {}, ())


@pytest.fixture
def application(world: World, member: Member) -> Application:
    """A withdrawal of 3,000.00 that waits for the face."""
    return world.submit(member, AMOUNT)


def open_try(world: World, member: Member, application: Application) -> UUID:
    """Open a face session."""
    consent = world.consent(member, "face")
    operation = Operation(member.account_id, application.application_id, application.operation_digest)
    with transaction(world.sessions) as session:
        row, _ = world.product.faces.open(session, operation, consent, world.product.engine.policy(session))
        return row.session_id


def complete(world: World, face: UUID) -> None:
    """The last frame has come: the session waits for its verdict."""
    change = text(
        "UPDATE face_session SET state = 'judging', completed_at = created_at WHERE session_id = :s"
    )
    with transaction(world.sessions) as session:
        session.execute(change, {"s": face})


def conclude(world: World, member: Member, face: UUID, verdict: Verdict) -> None:
    """The judge's word."""
    with transaction(world.sessions) as session:
        world.product.faces.conclude(session, member.account_id, face, verdict, [new_id().bytes * 2], 5)


def test_a_second_try_ends_the_first(world: World, member: Member, application: Application) -> None:
    """Side by side they would all be open before one of them has failed."""
    first, second = (open_try(world, member, application) for _ in range(2))
    assert world.face_session(member, first).state == "expired"
    assert world.face_session(member, second).state == "open"


def test_tries_that_wait_for_their_verdict_are_used(
    world: World, member: Member, application: Application
) -> None:
    """Three a day, however fast they are brought."""
    for _ in range(3):
        complete(world, open_try(world, member, application))
    with pytest.raises(TooMany) as refused:
        open_try(world, member, application)
    assert refused.value.code == "face.tries_used"


def test_of_many_opened_at_one_moment_one_is_left(
    world: World, member: Member, application: Application
) -> None:
    gate = Barrier(5)

    def go() -> None:
        gate.wait(10)
        open_try(world, member, application)

    hands = [Thread(target=go) for _ in range(5)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    statement = "SELECT count(*) AS n FROM face_session WHERE account_id = :a AND state = 'open'"
    assert world.one(statement, a=member.account_id).n == 1


def test_a_photo_that_cannot_be_had_uses_up_no_try(
    world: World, member: Member, application: Application
) -> None:
    """The public-security service is down: that is not the member's failure. Other people's faces are."""
    for verdict, count in ((NO_PHOTO, 4), (STRANGER, 3)):
        for _ in range(count):
            face = open_try(world, member, application)
            complete(world, face)
            conclude(world, member, face, verdict)
    with pytest.raises(TooMany):
        open_try(world, member, application)


def test_frames_are_not_taken_once_the_consent_is_withdrawn(
    world: World, member: Member, application: Application
) -> None:
    """The member may take it back at any time, in the middle too; nothing more is looked at."""
    face = open_try(world, member, application)
    consent_id = world.face_session(member, face).consent_id
    with transaction(world.sessions) as session:
        withdraw(session, member.account_id, consent_id, world.clock.now())
    batch = Batch(0, [Frame(0, 0, 0, b"jpeg")], [b""], b"")
    with pytest.raises(ConsentRequired), transaction(world.sessions) as session:
        world.product.faces.add(session, member.account_id, face, batch)


def test_a_return_told_before_its_payment_comes_back_to_the_member(world: World, member: Member) -> None:
    """The notice of the payment is lost, the return is told, and the statement brings the payment at last."""
    application = world.approved(member, AMOUNT)
    world.run_jobs(member.account_id, "settlement.dispatch", rounds=1)
    take = world.product.settlement_jobs.take_changes
    order = world.node.sent[0]
    returned = movement(order, direction="credit", host_seq_no="H000000902")
    take([returned])
    assert world.balance(member) == (OPENING - AMOUNT, AMOUNT)
    paid = movement(order, host_seq_no="H000000901")
    take([paid, returned])
    take([paid, returned])
    assert world.state(application) == ("returned", "returned")
    assert world.balance(member) == (OPENING, 0)
    outcomes = (
        "SELECT string_agg(outcome, ',' ORDER BY outcome) AS all FROM bank_notice WHERE instruction_no = :no"
    )
    assert world.one(outcomes, no=application.case_no).all == "came_back,paid"


def test_two_early_credits_give_back_once(world: World, member: Member) -> None:
    """Who else sends money with the same number and amount gives nothing to the member a second time."""
    application = world.approved(member, AMOUNT)
    world.run_jobs(member.account_id, "settlement.dispatch", rounds=1)
    order = world.node.sent[0]
    credits = [movement(order, direction="credit", host_seq_no=f"H00000091{n}") for n in (1, 2)]
    world.product.settlement_jobs.take_changes([*credits, movement(order)])
    assert world.state(application) == ("returned", "returned")
    assert world.balance(member) == (OPENING, 0)


def at_once(world: World, binds: list[tuple[UUID, str]]) -> list[str]:
    """Bind each member to a WeChat user and a phone of its own at one moment; returns what became of each."""
    gate, ends = Barrier(len(binds)), []

    def go(account_id: UUID, openid: str) -> None:
        key = public_point(ec.generate_private_key(ec.SECP256R1()))
        gate.wait(10)
        try:
            with transaction(world.sessions) as session:
                bind(session, world.cipher, account_id, openid, "h5", key, world.clock.now())
            ends.append("bound")
        except DomainError as refusal:
            ends.append(refusal.code)

    hands = [Thread(target=go, args=pair) for pair in binds]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    return sorted(ends)


def test_one_member_bound_by_two_codes_at_once(world: World) -> None:
    """Same user, two phones: the later phone stays. Two users: one is refused in plain words."""
    person, account_id = world.enrol()
    assert at_once(world, [(account_id, person.openid)] * 4) == ["bound"] * 4
    phones = "SELECT count(*) AS n FROM device WHERE account_id = :a AND ended_at IS NULL"
    assert world.one(phones, a=account_id).n == 1
    _, other = world.enrol()
    users = [Person().openid for _ in range(4)]
    assert at_once(world, [(other, user) for user in users]) == ["bind.active_elsewhere"] * 3 + ["bound"]


def test_one_wechat_user_bound_to_two_members_at_once(world: World) -> None:
    user = Person().openid
    accounts = [world.enrol()[1] for _ in range(4)]
    ends = at_once(world, [(account_id, user) for account_id in accounts])
    assert ends == ["bind.wechat_taken"] * 3 + ["bound"]


def test_a_movement_that_fits_nothing_is_told_as_a_warning(world: World, member: Member) -> None:
    """Money is somewhere it should not be: a person has to look, so it must stand out. It names nobody."""
    application = world.approved(member, AMOUNT)
    world.run_jobs(member.account_id, "settlement.dispatch", rounds=1)
    order = world.node.sent[0]
    with capture_logs() as told:
        world.product.settlement_jobs.take_changes([movement(order, amount_fen=AMOUNT + 1)])
    assert world.state(application) == ("accepted", "accepted")
    change = {
        "event": "bank.change",
        "outcome": "amount_differs",
        "direction": "debit",
        "log_level": "warning",
    }
    assert told == [change]


def test_the_text_of_a_database_error_names_no_values(world: World) -> None:
    """Workers log the errors of their jobs with their texts."""
    with pytest.raises(DBAPIError) as fault, transaction(world.sessions) as session:
        session.execute(text("SELECT CAST(:value AS text) || 1 / 0"), {"value": "659999199003070014"})
    assert "659999199003070014" not in str(fault.value)

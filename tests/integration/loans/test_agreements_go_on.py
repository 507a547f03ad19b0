"""What does not end an agreement: newer words of the consent it was signed under, and a freeze of the account."""

from __future__ import annotations

import itertools

import pytest
from sqlalchemy import text

from services.core.db import transaction
from services.members.consents import consents_of, withdraw
from tests.integration.loans.test_agreements import (
    SMALL,
    cases,
    pay,
    run,
    runs,
    signed,
    state,
    with_bank_loan,
)
from tests.support.domain.loans import lend
from tests.support.domain.world import Member, World

BOTH = pytest.mark.parametrize("kind", ["commercial", "offset"])
DECEMBER = {"commercial": ("approved", 300_000), "offset": ("repaid", 842_843)}
_numbers = itertools.count(1)


def agreed(world: World, kind: str) -> Member:
    """An agreement of 23 November, on a bank's loan of 3,000.00 a month or the centre's of 8,428.43; now 20 December."""
    if kind == "commercial":
        member = with_bank_loan(world)
        signed(world, member, card_id=str(member.card_id))
    else:
        member = with_own_loan(world)
        signed(world, member)
    world.later(days=27)
    return member


def with_own_loan(world: World) -> Member:
    """56,000.00 in the fund and the centre's small loan."""
    member = world.member()
    world.consent(member)
    lend(world, member, contract_no=f"ZZGJJ202689{next(_numbers):04d}", **SMALL)
    return member


def newer_words(world: World, member: Member) -> None:
    """A release has new words: what the member agreed to is of older ones."""
    statement = text("UPDATE consent SET text_version = 'old' WHERE account_id = :a")
    with transaction(world.sessions) as session:
        session.execute(statement, {"a": member.account_id})


def take_back(world: World, member: Member) -> None:
    """The member withdraws every consent."""
    with transaction(world.sessions) as session:
        for consent in consents_of(session, member.account_id):
            withdraw(session, member.account_id, consent.consent_id, world.clock.now())


def put(world: World, member: Member, account_state: str) -> None:
    """The account is in another state of table A.6."""
    statement = text("UPDATE provident_fund_account SET state = :state WHERE account_id = :a")
    with transaction(world.sessions) as session:
        session.execute(statement, {"state": account_state, "a": member.account_id})


def asked(world: World, member: Member) -> list[tuple[str, str]]:
    """Who was asked about the member, and under which consent."""
    own = [one for one in world.sharing.asked if one[1].id_no == member.person.id_no]
    return [(service, request.consent_id) for service, request in own]


def done(world: World, member: Member, kind: str) -> None:
    """What goes to a card is paid by the bank."""
    if kind == "commercial":
        pay(world, member)


@BOTH
def test_newer_words_of_the_consent_end_nothing(world: World, kind: str) -> None:
    member = agreed(world, kind)
    newer_words(world, member)
    run(world)
    assert (state(world, member), cases(world, member)) == (("active", None), [DECEMBER[kind]])
    assert runs(world, member) == [("2026-12-20", "case", ["2026-12"])]
    done(world, member, kind)


@BOTH
def test_its_withdrawal_ends_it_whatever_its_words(world: World, kind: str) -> None:
    member = agreed(world, kind)
    newer_words(world, member)
    take_back(world, member)
    before = asked(world, member)
    run(world)
    assert (state(world, member), cases(world, member)) == (("ended", "consent_withdrawn"), [])
    assert asked(world, member) == before


@BOTH
def test_only_about_a_bank_s_loan_a_department_is_asked(world: World, kind: str) -> None:
    """The centre's own loan stands in its books; the bank's is asked about under the consent that was signed."""
    member = agreed(world, kind)
    world.consent(member)
    before = asked(world, member)
    run(world)
    row = world.one("SELECT consent_id::text FROM loan_agreement WHERE account_id = :a", a=member.account_id)
    new = [("credit.loan", row.consent_id)] if kind == "commercial" else []
    assert asked(world, member) == before + new
    done(world, member, kind)


@pytest.mark.parametrize(
    ("kind", "made_up", "ran"),
    [
        ("commercial", ("approved", 300_000), ("2026-12-20", "case", ["2026-12"])),
        # 8,428.43 a day late at 2.10 % and a half: 8,428.43 × 3.15 % / 360 = 0.7375, 0.74 of penalty
        ("offset", ("repaid", 842_917), ("2026-12-21", "case", ["2026-12"])),
    ],
)
def test_a_freeze_passes_and_what_was_missed_is_made_up_for(
    world: World, kind: str, made_up: tuple[str, int], ran: tuple[str, str, list[str]]
) -> None:
    """Frozen on 20 December, not any more on the 21st; a frozen account is no reason to ask anybody."""
    member = agreed(world, kind)
    put(world, member, "06")
    before = asked(world, member)
    run(world)
    assert (state(world, member), cases(world, member)) == (("active", None), [])
    assert (runs(world, member), asked(world, member)) == ([], before)
    world.later(days=1)
    put(world, member, "01")
    run(world)
    assert (state(world, member), cases(world, member)) == (("active", None), [made_up])
    assert runs(world, member) == [ran]
    done(world, member, kind)


def test_two_months_of_a_freeze_are_made_up_for_at_once(world: World) -> None:
    """Frozen from before 20 December until 21 January: 6,000.00 for both months."""
    member = agreed(world, "commercial")
    put(world, member, "06")
    run(world)
    world.later(days=32)
    put(world, member, "01")
    run(world)
    assert cases(world, member) == [("approved", 600_000)]
    assert runs(world, member) == [("2027-01-20", "case", ["2026-12", "2027-01"])]
    pay(world, member)


@BOTH
@pytest.mark.parametrize("closed", ["03", "04"])
def test_a_closed_account_ends_it(world: World, kind: str, closed: str) -> None:
    member = agreed(world, kind)
    put(world, member, closed)
    run(world)
    assert (state(world, member), cases(world, member)) == (("ended", "account_closed"), [])


@BOTH
def test_a_consent_withdrawn_during_a_freeze_ends_it(world: World, kind: str) -> None:
    member = agreed(world, kind)
    put(world, member, "06")
    take_back(world, member)
    run(world)
    assert (state(world, member), cases(world, member)) == (("ended", "consent_withdrawn"), [])

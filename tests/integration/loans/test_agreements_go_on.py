"""What does not end an agreement: newer words of the consent it was signed under."""

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

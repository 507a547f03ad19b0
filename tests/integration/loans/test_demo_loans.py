"""The demo members with loans are what their notes say."""

from __future__ import annotations

import json
from dataclasses import replace

from config.settings import ROOT
from runtime.cli.members import import_members, read_demo
from services.core.db import transaction
from services.items.example_facts import plain_facts
from services.items.facts import facts_from_json
from services.loans.facts import LoanFacts
from services.loans.queries import loan_facts
from services.members.identity import find_by_id_no
from tests.support.domain.world import START, World


def facts(world: World, id_no: str) -> LoanFacts:
    """Loans of a demo member."""
    with transaction(world.sessions) as session:
        member = find_by_id_no(session, world.cipher, id_no)
        assert member is not None
        return loan_facts(session, world.cipher, member.account_id, START.date(), lambda kind, no: kind + no)


def test_demo_loans(world: World) -> None:
    people = {one["key"]: one for one in read_demo(ROOT / "config" / "demo" / "members.toml")}
    import_members(world.product, [people[key] for key in ("zheng", "qian", "feng")])
    (open_loan,) = facts(world, people["zheng"]["id_no"]).open
    assert (open_loan.state, open_loan.role, open_loan.normal_months) == ("normal", "borrower", 68)
    (shared,) = facts(world, people["qian"]["id_no"]).open
    assert (shared.loan_id, shared.role) == (open_loan.loan_id, "co_borrower")
    settled = facts(world, people["feng"]["id_no"])
    assert settled.open == ()
    assert settled.loans[0].settled_on == "2026-09-10"
    # The down payment and the loan make the price.
    assert open_loan.down_payment_fen + open_loan.principal_fen == open_loan.house_price_fen


def test_facts_survive_being_stored(world: World) -> None:

    people = {one["key"]: one for one in read_demo(ROOT / "config" / "demo" / "members.toml")}
    import_members(world.product, [people["zheng"]])
    found = replace(plain_facts(), loans=facts(world, people["zheng"]["id_no"]))
    assert len(found.loans.loans[0].repaid) == 36
    assert facts_from_json(json.loads(json.dumps(found.to_json()))) == found

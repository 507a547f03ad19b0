"""Ending an agreement rests on nothing outside: it ends at once, whoever is silent and whatever is withdrawn."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.integration.loans.test_agreements import ITEM, run, sign_in, signed, state, with_bank_loan
from tests.integration.loans.test_agreements_go_on import (
    BOTH,
    agreed,
    asked,
    newer_words,
    put,
    take_back,
    with_own_loan,
)
from tests.integration.loans.test_fund_loan_items import apply, confirmed, post, quote
from tests.support.domain.world import Member, World

SILENT = ("unavailable", {})


@BOTH
def test_it_ends_at_once_while_the_register_is_silent(world: World, kind: str) -> None:
    member = agreed(world, kind)
    sign_in(world, member)
    world.sharing.answers["credit.loan"] = SILENT
    before = asked(world, member)
    assert confirmed(world, member, apply(world, member, ITEM, {"action": "end"}))["state"] == "completed"
    assert state(world, member) == ("ended", "member")
    assert asked(world, member) == before
    run(world)
    assert state(world, member) == ("ended", "member")


def test_no_consent_to_ask_anybody_is_needed_for_it(world: World) -> None:
    member = with_bank_loan(world)
    signed(world, member, card_id=str(member.card_id))
    take_back(world, member)
    assert confirmed(world, member, apply(world, member, ITEM, {"action": "end"}))["state"] == "completed"
    assert state(world, member) == ("ended", "member")


def test_signing_with_the_register_silent_still_goes_to_people(world: World) -> None:
    member = with_own_loan(world)
    world.sharing.answers["credit.loan"] = SILENT
    assert confirmed(world, member, apply(world, member, ITEM, {}))["state"] == "in_review"


@BOTH
def test_ending_is_offered_while_the_register_is_silent(world: World, kind: str) -> None:
    """Nothing is chosen yet: that no loan is found refuses only who wants to sign or change."""
    member = agreed(world, kind)
    sign_in(world, member)
    world.sharing.answers["credit.loan"] = SILENT
    found = quote(world, member, ITEM)
    assert (found["allowed"], "action" in found["asks"]) == (True, True)
    assert [one["value"] for one in found["choices"]["action"]] == ["change", "end"]
    ending = quote(world, member, ITEM, {"action": "end"})
    assert (ending["allowed"], ending["approval"], ending["asks"]) == (True, "instant", ["action"])


def test_a_change_still_needs_a_loan_that_is_found(world: World) -> None:
    member = agreed(world, "commercial")
    sign_in(world, member)
    world.sharing.answers["credit.loan"] = SILENT
    refusals = quote(world, member, ITEM, {"action": "change"})["refusals"]
    assert [one["code"] for one in refusals] == ["agreement.no_loan"]


@BOTH
@pytest.mark.parametrize("account_state", ["03", "06"])
def test_it_can_be_ended_whatever_the_state_of_the_account(
    world: World, kind: str, account_state: str
) -> None:
    """Ending moves no money, and an agreement survives a freeze; signing and changing wait for the account."""
    member = agreed(world, kind)
    sign_in(world, member)
    put(world, member, account_state)
    found = quote(world, member, ITEM)
    assert (found["allowed"], "action" in found["asks"]) == (True, True)
    assert [one["value"] for one in found["choices"]["action"]] == ["change", "end"]
    changing = quote(world, member, ITEM, {"action": "change"})
    assert [one["code"] for one in changing["refusals"]] == ["account.not_usable"]
    assert confirmed(world, member, apply(world, member, ITEM, {"action": "end"}))["state"] == "completed"
    assert state(world, member) == ("ended", "member")
    signing = quote(world, member, ITEM)
    assert [one["code"] for one in signing["refusals"]] == ["account.not_usable"]


@BOTH
@pytest.mark.parametrize("without_consent", [newer_words, take_back])
def test_who_gives_no_consent_is_offered_the_end_all_the_same(
    world: World, kind: str, without_consent: Callable[[World, Member], None]
) -> None:
    """The page asks with nothing chosen first: the consent is wanted once a change is chosen, and nobody asked before."""
    member = agreed(world, kind)
    sign_in(world, member)
    without_consent(world, member)
    before = asked(world, member)
    found = quote(world, member, ITEM)
    assert (found["allowed"], "action" in found["asks"]) == (True, True)
    assert [one["value"] for one in found["choices"]["action"]] == ["change", "end"]
    changing = post(world, member, f"/items/{ITEM}/quote", {"action": "change"})
    assert (changing.status_code, changing.get_json()["code"]) == (403, "consent.required")
    assert quote(world, member, ITEM, {"action": "end"})["allowed"] is True
    assert asked(world, member) == before
    assert confirmed(world, member, apply(world, member, ITEM, {"action": "end"}))["state"] == "completed"
    assert state(world, member) == ("ended", "member")


def test_a_loan_and_a_card_are_asked_for_once_a_change_is_chosen(world: World) -> None:
    """Nobody outside is asked while it is open what is wanted; then the bank's loan is looked up."""
    member = agreed(world, "commercial")
    sign_in(world, member)
    before = asked(world, member)
    assert quote(world, member, ITEM)["asks"] == ["action"]
    assert asked(world, member) == before
    assert quote(world, member, ITEM, {"action": "change"})["asks"] == ["action", "loan", "card_id"]
    assert [service for service, _ in asked(world, member)] == [service for service, _ in before] + ["credit.loan"]


def test_without_an_agreement_the_consent_is_wanted_first(world: World) -> None:
    member = with_own_loan(world)
    take_back(world, member)
    answer = post(world, member, f"/items/{ITEM}/quote", {})
    assert (answer.status_code, answer.get_json()["code"]) == (403, "consent.required")

"""Whether a face is asked for: declared, and by a dated figure also where the declaration asks for none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.items.catalog import contribution_certificate, phone_change
from services.items.declaration import Item, Verification
from services.items.judging import Quote, judge
from services.policies.rules import Policy

DAY = date(2026, 11, 23)


def asked(item: Item, **figures: Any) -> Quote:
    """The item's first example under these figures alone."""
    example = item.examples[0]
    policy = Policy(DAY, figures, "test")
    return judge(item, example.facts, item.form.model_validate(example.form), policy)


def test_a_certificate_asks_for_none_as_declared() -> None:
    assert asked(contribution_certificate.ITEM).verification is Verification.NONE


def test_a_figure_can_ask_for_one_and_is_kept_with_the_decision() -> None:
    quote = asked(contribution_certificate.ITEM, **{"item.contribution-certificate.verification": "face"})
    assert quote.verification is Verification.FACE
    assert quote.to_json()["figures"]["item.contribution-certificate.verification"] == "face"


@pytest.mark.parametrize("wanted", ["none", "", "Face"])
def test_no_figure_takes_a_face_away(wanted: str) -> None:
    quote = asked(phone_change.ITEM, **{"item.phone-change.verification": wanted})
    assert quote.verification is Verification.FACE


def test_another_items_figure_does_not_count() -> None:
    quote = asked(contribution_certificate.ITEM, **{"item.phone-change.verification": "face"})
    assert quote.verification is Verification.NONE


def test_phone_rules_both_speak() -> None:
    """The same number, and money under way: both reasons are said."""
    example = phone_change.ITEM.examples[0]
    assert example.facts.phone is not None
    facts = replace(example.facts, phone=replace(example.facts.phone, same=True, money_under_way=True))
    form = phone_change.ITEM.form.model_validate(example.form)
    found = judge(phone_change.ITEM, facts, form, Policy(DAY, {}, "test"))
    assert [one.code for one in found.refusals] == ["phone.money_under_way", "phone.same"]

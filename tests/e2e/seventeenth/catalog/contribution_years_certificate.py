"""缴存年限证明: an item that the product does not have; this file is all there is of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from services.items.declaration import (
    Basis,
    Example,
    Form,
    IssueCertificate,
    Item,
    Refusal,
    Saying,
    Verification,
)
from services.items.example_facts import plain_facts
from services.items.facts import ContributionFacts, Fact, Facts
from services.policies.rules import Policy

YEARS = 2


class YearsForm(Form):
    """For whom it is."""

    receiver: Annotated[
        str,
        Field(
            title="开给哪个单位",
            min_length=2,
            max_length=20,
            json_schema_extra={"x-widget": "text", "x-help": "写单位全称"},
        ),
    ]


def paid_in_for_years(facts: Facts, form: YearsForm, policy: Policy) -> Refusal | None:
    """缴存满两年."""
    months = facts.contributions.continuous_months if facts.contributions else 0
    if months >= 12 * YEARS:
        return None
    return Refusal(
        code="contribution_years.too_few",
        rule="缴存满两年",
        article="示例办法 第一条",
        fact=f"您连续缴存了 {months} 个月",
        source="公积金中心缴存记录",
        change="连续缴存满 24 个月后可以开",
        text=f"要连续缴存满 24 个月，您缴了 {months} 个月。",
    )


def says(facts: Facts, form: YearsForm) -> Saying:
    """How long."""
    months = facts.contributions.continuous_months if facts.contributions else 0
    return Saying(
        "兹证明下列职工的缴存年限：", (("开给", form.receiver), ("连续缴存", f"{months} 个月")), "特此证明。"
    )


_FORM = {"receiver": "株洲某某学校"}

ITEM = Item(
    code="contribution-years-certificate",
    name_zh="缴存年限证明",
    standard_code="X_YEARS",
    kind="certificate",
    group="proof",
    module="39",
    summary="证明连续缴存了多少年",
    legal_basis=(Basis("示例办法", "第一条", "缴存满两年的职工可以开具"),),
    form=YearsForm,
    needs=frozenset({Fact.ACCOUNT, Fact.CONTRIBUTIONS}),
    eligibility=(paid_in_for_years,),
    effect=IssueCertificate("years", "住房公积金缴存年限证明", says),
    verification=Verification.NONE,
    sources=(("公积金中心缴存记录", "写进证明的内容"),),
    order=170,
    examples=(
        Example("三年", _FORM, plain_facts(contributions=ContributionFacts(36, "2023-11", "2026-10")), True),
        Example(
            "一年",
            _FORM,
            plain_facts(contributions=ContributionFacts(12, "2025-11", "2026-10")),
            False,
            refusal="contribution_years.too_few",
        ),
    ),
)

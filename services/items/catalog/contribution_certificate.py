"""缴存证明 contribution certificate: a sealed PDF with number and verification code, for anyone with an account."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from services.items.declaration import Basis, Example, Form, IssueCertificate, Item, Refusal, Verification
from services.items.facts import AccountFacts, ContributionFacts, Fact, Facts
from services.policies.rules import Policy

_PURPOSES = {"general": "一般用途", "loan": "申请贷款", "visa": "出国签证", "school": "子女入学"}


class CertificateForm(Form):
    """What it is for; printed nowhere, asked for the statistics of use."""

    purpose: Annotated[
        Literal["general", "loan", "visa", "school"],
        Field(
            default="general",
            title="用在哪里",
            json_schema_extra={"x-widget": "choice", "x-labels": _PURPOSES},
        ),
    ]


def has_contributions(facts: Facts, form: CertificateForm, policy: Policy) -> Refusal | None:
    """有缴存记录才有可证明的内容."""
    if facts.contributions is not None and facts.contributions.last_month is not None:
        return None
    return Refusal(
        code="certificate.no_contributions",
        rule="账户有缴存记录",
        article="《住房公积金管理条例》：职工有权查询本人缴存情况",
        fact="您的账户还没有缴存记录",
        source="公积金中心缴存记录",
        change="单位第一次缴存到账后就可以开",
        text="您的账户还没有缴存记录，现在开不出缴存证明。单位第一次缴存到账后就可以开。",
    )


_FACTS = Facts(
    today=date(2026, 11, 23),
    account=AccountFacts(
        "01", "正常", 5_600_000, 0, 0, "9920030100001", "示例单位", "2020-03-01", 1_000_000, 200_000
    ),
    contributions=ContributionFacts(36, "2023-11", "2026-10"),
)

ITEM = Item(
    code="contribution-certificate",
    name_zh="缴存证明",
    standard_code="CERT_DEPOSIT",
    kind="certificate",
    group="proof",
    module="30",
    summary="开一份可以扫码查验的缴存证明",
    legal_basis=(
        Basis("住房公积金管理条例", "查询权", "职工有权查询本人住房公积金的缴存、提取情况，中心应当提供证明"),
    ),
    form=CertificateForm,
    needs=frozenset({Fact.ACCOUNT, Fact.CONTRIBUTIONS}),
    eligibility=(has_contributions,),
    effect=IssueCertificate("contribution", "住房公积金缴存证明"),
    verification=Verification.NONE,
    sources=(),
    allowed_text="可以马上开具，不用等。",
    sla_text="几秒钟开好，可下载打印",
    order=60,
    examples=(
        Example("有缴存记录：可以开", {"purpose": "general"}, _FACTS, True),
        Example(
            "封存账户也可以开",
            {"purpose": "loan"},
            replace(_FACTS, account=replace(_FACTS.account, state="02", state_text="封存")),
            True,
        ),
        Example(
            "没有缴存记录",
            {"purpose": "general"},
            replace(_FACTS, contributions=ContributionFacts(0, None, None)),
            False,
            refusal="certificate.no_contributions",
        ),
    ),
)

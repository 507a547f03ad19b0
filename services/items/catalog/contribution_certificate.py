"""缴存证明 contribution certificate: a sealed PDF with number and verification code, for anyone with an account."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from services.core.money import yuan_text
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


def says(facts: Facts, form: CertificateForm) -> Saying:
    """Account, unit, base and what has been paid in."""
    account, paid = facts.account, facts.contributions
    assert paid is not None
    rows = (
        ("个人账号", account.account_no),
        ("单位名称", account.employer),
        ("账户状态", account.state_text),
        ("开户日期", account.opened_on),
        ("缴存起止", f"{paid.first_month} 至 {paid.last_month}"),
        ("连续缴存", f"{paid.continuous_months} 个月"),
        ("缴存基数", f"{yuan_text(account.contribution_base_fen)} 元"),
        ("月缴存额", f"{yuan_text(account.monthly_contribution_fen)} 元"),
        ("账户余额", f"{yuan_text(account.balance_fen)} 元"),
    )
    return Saying(
        "兹证明下列职工在本中心缴存住房公积金，情况如下：",
        rows,
        "本证明由系统根据缴存记录自动生成，数据截至开具之时。",
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
    effect=IssueCertificate("contribution", "住房公积金缴存证明", says),
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

"""异地贷款缴存使用证明: for a loan in another city: what is paid in here, and what was drawn and borrowed."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

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
from services.items.example_facts import plain_facts, with_account, with_usage
from services.items.facts import ContributionFacts, Fact, Facts, LoanFacts
from services.items.fund_loans import EXAMPLE_LOAN
from services.policies.rules import Policy

_ACCOUNT = "公积金中心缴存记录"
_PAYING = "01"


class OtherCityForm(Form):
    """Which centre it is for: printed on it, so that it serves there only."""

    centre: Annotated[
        str,
        Field(
            title="在哪个城市贷款",
            min_length=2,
            max_length=20,
            pattern="^[\u4e00-\u9fff]+$",
            json_schema_extra={"x-widget": "text", "x-help": "只写城市名，例如：长沙市"},
        ),
    ]


def pays_in_now(facts: Facts, form: OtherCityForm, policy: Policy) -> Refusal | None:
    """账户正在正常缴存."""
    if facts.account.state == _PAYING:
        return None
    return Refusal(
        code="other_city.not_paying",
        rule="账户正在正常缴存",
        article=policy.text("other_city_certificate.article"),
        fact=f"您的账户现在是“{facts.account.state_text}”状态",
        source=_ACCOUNT,
        change="单位重新为您缴存、账户恢复正常以后就可以开；现在需要的话可以开“缴存证明”",
        text=f"异地贷款要正在缴存才能办，您的账户现在是“{facts.account.state_text}”。账户恢复正常以后就可以开。",
    )


def has_paid_in(facts: Facts, form: OtherCityForm, policy: Policy) -> Refusal | None:
    """有缴存记录才有可证明的内容."""
    if facts.contributions is not None and facts.contributions.last_month is not None:
        return None
    return Refusal(
        code="other_city.no_contributions",
        rule="账户有缴存记录",
        article=policy.text("other_city_certificate.article"),
        fact="您的账户还没有缴存记录",
        source=_ACCOUNT,
        change="单位第一次缴存到账后就可以开",
        text="您的账户还没有缴存记录，现在开不出这份证明。单位第一次缴存到账后就可以开。",
    )


def says(facts: Facts, form: OtherCityForm) -> Saying:
    """What the lending centre asks: deposits, withdrawals and loans here."""
    account, paid = facts.account, facts.contributions
    assert paid is not None
    rows = (
        ("贷款城市", form.centre),
        ("个人账号", account.account_no),
        ("单位名称", account.employer),
        ("账户状态", account.state_text),
        ("缴存起止", f"{paid.first_month} 至 {paid.last_month}，连续 {paid.continuous_months} 个月"),
        ("缴存基数", f"{yuan_text(account.contribution_base_fen)} 元"),
        ("月缴存额", f"{yuan_text(account.monthly_contribution_fen)} 元"),
        ("账户余额", f"{yuan_text(account.balance_fen)} 元"),
        ("提取情况", _drawn(facts)),
        ("贷款情况", _borrowed(facts)),
    )
    return Saying(
        "兹证明下列职工在本中心缴存和使用住房公积金的情况如下，供其申请异地住房公积金个人住房贷款：",
        rows,
        "本证明由系统根据缴存和贷款记录自动生成，数据截至开具之时。",
    )


def _drawn(facts: Facts) -> str:
    days = sorted(facts.usage.last_by_item.values()) if facts.usage else []
    return f"办理过提取，最近一次 {days[-1]}" if days else "线上没有办理过提取"


def _borrowed(facts: Facts) -> str:
    loans = facts.loans.loans if facts.loans else ()
    if not loans:
        return "没有用过公积金贷款"
    still = [loan for loan in loans if loan.is_owed]
    owed_fen = sum(loan.balance_fen + loan.taken_back_fen for loan in still)
    owed = f"，其中 {len(still)} 笔没有还清，尚欠 {yuan_text(owed_fen)} 元"
    return f"用过 {len(loans)} 次公积金贷款" + (owed if still else "，已经全部还清")


def _facts(**parts: Any) -> Facts:
    return plain_facts(**{"contributions": ContributionFacts(36, "2023-11", "2026-10"), **parts})


_FORM = {"centre": "长沙市"}

ITEM = Item(
    code="other-city-certificate",
    name_zh="异地贷款缴存使用证明",
    standard_code="CERT_DEPOSIT",
    kind="certificate",
    group="proof",
    module="31",
    summary="在别的城市用公积金贷款时要的证明",
    legal_basis=(
        Basis(
            "住房公积金异地个人住房贷款", "建金〔2014〕148号", "缴存城市的中心核实缴存和贷款情况，出具证明"
        ),
        Basis("住房公积金服务跨省通办", "异地贷款缴存使用证明", "全程网办，电子证明与纸质证明效力相同"),
    ),
    form=OtherCityForm,
    needs=frozenset({Fact.ACCOUNT, Fact.CONTRIBUTIONS, Fact.USAGE, Fact.LOANS}),
    eligibility=(has_paid_in, pays_in_now),
    effect=IssueCertificate("other_city", "异地贷款职工住房公积金缴存使用证明", says),
    verification=Verification.NONE,
    sources=(("公积金中心缴存、提取和贷款记录", "写进证明的内容"),),
    allowed_text="写上要贷款的城市，可以马上开具，不用等。",
    sla_text="几秒钟开好，可下载打印",
    order=65,
    examples=(
        Example("正在缴存：可以开", _FORM, _facts(), True),
        Example(
            "提取过、有贷款没还清：写明情况，也可以开",
            _FORM,
            with_usage(
                _facts(loans=LoanFacts((EXAMPLE_LOAN,))), last_by_item={"rent-withdrawal": "2026-10-08"}
            ),
            True,
        ),
        Example(
            "账户封存",
            _FORM,
            with_account(_facts(), state="02", state_text="封存"),
            False,
            refusal="other_city.not_paying",
        ),
        Example(
            "没有缴存记录",
            _FORM,
            replace(_facts(), contributions=ContributionFacts(0, None, None)),
            False,
            refusal="other_city.no_contributions",
        ),
    ),
)

"""异地转移接续 transfer in: a former centre hands the account over; money and months come to the account here (M1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from services.contributions.rules import next_month
from services.items.declaration import (
    Basis,
    Choice,
    Example,
    Form,
    Item,
    Refusal,
    RequestTransfer,
    Verification,
)
from services.items.example_facts import plain_facts, with_account
from services.items.facts import ContributionFacts, Fact, Facts, TransferFacts
from services.items.transferring import centres
from services.policies.rules import Policy

CODE = "transfer-in"
_CENTRE, _LOG, _PAID = "公积金中心账户信息", "办理记录", "公积金中心缴存记录"


def _without_spaces(text: str) -> str:
    return text.replace(" ", "")


class TransferForm(Form):
    """Which centre, and the account's number there where the member knows it."""

    centre: Annotated[
        str,
        Field(
            title="原来在哪个中心缴存",
            pattern="^C[0-9]{5}$",
            json_schema_extra={"x-widget": "choice", "x-choose": True},
        ),
    ]
    former_account_no: Annotated[
        str,
        Field(
            default="",
            title="原公积金账号（可以不填）",
            max_length=30,
            pattern="^[0-9A-Za-z ]*$",
            json_schema_extra={
                "x-widget": "text",
                "x-optional": True,
                "x-help": "不填的话，对方中心按您的身份证号查找",
            },
        ),
        AfterValidator(_without_spaces),
    ]


def account_normal(facts: Facts, form: TransferForm, policy: Policy) -> Refusal | None:
    """本市账户正常缴存 (01)."""
    if facts.account.state == "01":
        return None
    return _refusal(
        policy,
        "transfer.account_not_normal",
        "转入的账户要是正常缴存状态",
        f"您的账户状态是“{facts.account.state_text}”",
        "账户恢复正常缴存后就可以办",
        _CENTRE,
    )


def one_at_a_time(facts: Facts, form: TransferForm, policy: Policy) -> Refusal | None:
    """同一时间只办一笔转移."""
    if facts.transfers is None or not facts.transfers.under_way:
        return None
    return _refusal(
        policy,
        "transfer.in_flight",
        "同一时间只办一笔转移",
        f"从{facts.transfers.under_way}的转移还没有办完",
        "那一笔到账、没有办成，或者您撤销它以后，就可以再办",
        _LOG,
    )


def paid_long_enough(facts: Facts, form: TransferForm, policy: Policy) -> Refusal | None:
    """在本市连续缴存满规定的月数 (全国口径，参数)."""
    least = policy.integer("transfer.min_months")
    found = facts.contributions
    here = found.continuous_months - found.transferred_months if found else 0
    if here >= least:
        return None
    return _refusal(
        policy,
        "transfer.too_few_months",
        f"在本市连续缴存满 {least} 个月",
        f"您在本市已经连续缴存 {here} 个月",
        f"再连续缴存 {least - here} 个月就可以办",
        _PAID,
        _months_on(facts, least - here),
    )


def _months_on(facts: Facts, missing: int) -> date | None:
    """The first of the month that fills the count, if every month is paid from now on."""
    last = facts.contributions.last_month if facts.contributions else None
    month = date.fromisoformat(f"{last}-01") if last else facts.today.replace(day=1)
    for _ in range(missing):
        month = next_month(month)
    return month if month > facts.today else None


def centre_known(facts: Facts, form: TransferForm, policy: Policy) -> Refusal | None:
    """转出地中心接入了全国转移接续平台."""
    if form.centre is None or form.centre in centres(policy):
        return None
    return _refusal(
        policy,
        "transfer.centre_unknown",
        "转出地中心已接入全国转移接续平台",
        "您选的中心不在名单里",
        "请重新选择；名单里没有的，请带身份证到网点办理",
        "全国转移接续平台中心名单",
    )


def _refusal(
    policy: Policy, code: str, rule: str, fact: str, change: str, source: str, next_on: date | None = None
) -> Refusal:
    return Refusal(
        code=code,
        rule=rule,
        article=policy.text("transfer.article"),
        fact=fact,
        source=source,
        change=change,
        text=f"{fact}。{change}。",
        next_on=next_on,
    )


def choices(facts: Facts, policy: Policy) -> Mapping[str, tuple[Choice, ...]]:
    """The centres on the list."""
    return {"centre": tuple(Choice(code, name) for code, name in centres(policy).items())}


_FORM = {"centre": "C43010", "former_account_no": ""}
_FACTS = plain_facts(contributions=ContributionFacts(28, "2024-07", "2026-10"), transfers=TransferFacts())

ITEM = Item(
    code=CODE,
    name_zh="异地转移接续",
    standard_code="AC_TRANSFER_IN",
    kind="change",
    group="profile",
    module="42",
    summary="把在外地缴的公积金转到株洲来",
    legal_basis=(
        Basis("住房公积金管理条例", "转移规定", "职工变更单位的，住房公积金随同转移到新的账户"),
        Basis(
            "全国住房公积金异地转移接续业务操作规程",
            "转入申请",
            "在转入地稳定缴存半年以上，由转入地中心向转出地中心发联系函，不用职工两头跑",
        ),
    ),
    form=TransferForm,
    needs=frozenset({Fact.ACCOUNT, Fact.CONTRIBUTIONS, Fact.TRANSFERS}),
    eligibility=(account_normal, one_at_a_time, paid_long_enough, centre_known),
    effect=RequestTransfer(),
    verification=Verification.FACE,
    sources=(("全国住房公积金转移接续平台", "把联系函发给原来的中心，等它答复和转钱"),),
    allowed_text=(
        "可以办理。您提交后，我们给原来的中心发联系函；对方同意后把本金和利息一起转来，原账户同时注销。"
        "在对方有没还清的公积金贷款，对方不会转出，请先还清。"
    ),
    sla_text="联系函马上发出，对方审核和转钱一般 15 天内",
    order=98,
    private_fields=frozenset({"former_account_no"}),
    choices=choices,
    asks=lambda facts, form, policy: frozenset({"centre", "former_account_no"}),
    examples=(
        Example("在株洲缴了 28 个月，从长沙转来", _FORM, _FACTS, True),
        Example(
            "刚满 6 个月，知道原账号",
            {**_FORM, "former_account_no": "4301 0012 3456"},
            replace(_FACTS, contributions=ContributionFacts(6, "2026-05", "2026-10")),
            True,
        ),
        Example(
            "只缴了 5 个月",
            _FORM,
            replace(_FACTS, contributions=ContributionFacts(5, "2026-06", "2026-10")),
            False,
            refusal="transfer.too_few_months",
        ),
        Example(
            "连续 9 个月，其中 6 个月是在别处缴的",
            _FORM,
            replace(_FACTS, contributions=ContributionFacts(9, "2026-08", "2026-10", 6)),
            False,
            refusal="transfer.too_few_months",
        ),
        Example(
            "账户已经封存",
            _FORM,
            with_account(_FACTS, state="02", state_text="封存"),
            False,
            refusal="transfer.account_not_normal",
        ),
        Example(
            "上一笔还没有办完",
            _FORM,
            replace(_FACTS, transfers=TransferFacts("长沙住房公积金管理中心")),
            False,
            refusal="transfer.in_flight",
        ),
        Example(
            "选的中心不在名单里",
            {**_FORM, "centre": "C99990"},
            _FACTS,
            False,
            refusal="transfer.centre_unknown",
        ),
    ),
)

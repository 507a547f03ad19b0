"""加装电梯提取 lift added to an old house: this home's part of the cost, less the subsidy, once a house.

Formula F8: q(min(AV, share · (cost − subsidy) − W)), within the window after acceptance 竣工验收.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Annotated

from pydantic import Field, StrictInt

from services.core.money import yuan_text
from services.items.declaration import (
    Amount,
    Approval,
    Basis,
    Choice,
    Example,
    Form,
    Item,
    Part,
    Refusal,
    StartWithdrawal,
    Verification,
)
from services.items.example_facts import CARD_ID, answered, plain_facts, with_account, with_usage
from services.items.facts import Fact, Facts, KeyUsage
from services.items.fields import AmountFen, PayeeCardId
from services.items.outside import ElevatorFacts, ElevatorFiling, House, PropertyFacts
from services.items.rules import (
    account_usable,
    day_text,
    drawable,
    house_labels,
    leave_fen,
    lives_alone,
    nothing_in_flight,
    plus_months,
    something_to_draw,
)
from services.policies.rules import Policy

OTHER = "other"
_HOUSING = "住建部门加装电梯登记"
_FILL_IN = "账户里最多能提这么多；填了您家分摊的钱，才知道这次能提多少。"


class ElevatorForm(Form):
    """For which home, how much, to which card; the home's part only where no register knows it."""

    house: Annotated[
        str | None,
        Field(
            default=None, title="哪套房加装了电梯", max_length=40, json_schema_extra={"x-widget": "choice"}
        ),
    ]
    cost_fen: Annotated[
        StrictInt | None,
        Field(
            default=None,
            title="您家分摊了多少钱",
            gt=0,
            le=99_999_999_999,
            json_schema_extra={"x-widget": "yuan", "x-help": "减去政府补贴以后，您家自己出的钱"},
        ),
    ]
    amount_fen: AmountFen
    card_id: PayeeCardId


def _filings(facts: Facts) -> tuple[ElevatorFiling, ...]:
    return facts.elevator.filings if facts.elevator else ()


def _filing(facts: Facts, form: ElevatorForm) -> ElevatorFiling | None:
    """The lift of the form; the first while none is chosen."""
    filings = _filings(facts)
    if form.house is None:
        return filings[0] if filings else None
    return next((filing for filing in filings if filing.key == form.house), None)


def _part_fen(filing: ElevatorFiling) -> int:
    """This home's part of what the lift cost its owners."""
    return max(0, filing.cost_fen - filing.subsidy_fen) * min(filing.share_per_10000, 10_000) // 10_000


def _left_fen(filing: ElevatorFiling, facts: Facts) -> int:
    assert facts.usage is not None
    return max(0, _part_fen(filing) - facts.usage.of(filing.key).all_fen)


def on_file(facts: Facts, form: ElevatorForm, policy: Policy) -> Refusal | None:
    """加装电梯已经登记 (已婚的也可能登记在配偶的房子上)."""
    if facts.elevator is None or _filings(facts) or not lives_alone(facts):
        return None
    return Refusal(
        code="elevator.not_filed",
        rule="自己的房子所在的楼加装了电梯，并且登记过",
        article=policy.text("elevator.article"),
        fact="住建部门的登记里没有您的房子加装电梯",
        source=_HOUSING,
        change="楼里的加装电梯登记并验收后就可以办；父母、子女的房子加装电梯的，带材料到网点办",
        text="没有查到您的房子加装电梯的登记，不能在线办。登记并验收后再来；父母、子女家加装的，带材料到网点办。",
    )


def accepted(facts: Facts, form: ElevatorForm, policy: Policy) -> Refusal | None:
    """电梯已经竣工验收."""
    filing = _filing(facts, form)
    if filing is None or filing.accepted_on is not None:
        return None
    return Refusal(
        code="elevator.not_accepted",
        rule="电梯装好并通过验收",
        article=policy.text("elevator.article"),
        fact="这部电梯登记了，还没有验收",
        source=_HOUSING,
        change="验收通过后就可以办",
        text="这部电梯还没有验收。验收通过后就可以办。",
    )


def in_time(facts: Facts, form: ElevatorForm, policy: Policy) -> Refusal | None:
    """验收后规定月数以内."""
    filing = _filing(facts, form)
    if filing is None or filing.accepted_on is None:
        return None
    months, accepted_on = policy.integer("elevator.window_months"), date.fromisoformat(filing.accepted_on)
    if facts.today <= plus_months(accepted_on, months):
        return None
    return Refusal(
        code="elevator.too_late",
        rule=f"电梯验收后 {months} 个月以内",
        article=policy.text("elevator.article"),
        fact=f"电梯是 {day_text(accepted_on)}验收的",
        source=_HOUSING,
        change="验收日期登记错了的，请住建部门更正后再办",
        text=f"电梯 {day_text(accepted_on)}验收，到现在超过了 {months} 个月，不能再提。日期登记错了的，请住建部门更正。",
    )


def once_a_house(facts: Facts, form: ElevatorForm, policy: Policy) -> Refusal | None:
    """同一套房只能提取一次."""
    filing = _filing(facts, form)
    if filing is None or facts.usage is None or not facts.usage.of(filing.key).own_count:
        return None
    return Refusal(
        code="elevator.house_used",
        rule="加装电梯提取，一套房只能提一次",
        article=policy.text("elevator.article"),
        fact="这套房您已经提取过",
        source="办理记录",
        change="别的房子加装电梯可以再提",
        text="这套房您已经办过加装电梯提取，一套房只能提一次。",
    )


def cost_left(facts: Facts, form: ElevatorForm, policy: Policy) -> Refusal | None:
    """分摊的费用没有提完."""
    filing = _filing(facts, form)
    if filing is None or _left_fen(filing, facts) > 0:
        return None
    part = yuan_text(_part_fen(filing))
    return Refusal(
        code="elevator.cost_used",
        rule="提取不超过您家分摊的钱",
        article=policy.text("elevator.article"),
        fact=f"您家分摊 {part} 元，已经提完",
        source=_HOUSING,
        change="分摊的钱登记错了的，请住建部门更正后再办",
        text=f"这套房分摊的 {part} 元已经提完（家里人提的也算），没有可以再提的了。",
    )


def elevator_amount(facts: Facts, form: ElevatorForm, policy: Policy) -> Amount:
    """F8: the least of what is there and what is left of this home's part."""
    filing, article = _filing(facts, form), policy.text("elevator.article")
    if filing is None:
        limit = [Part("您家分摊的钱", form.cost_fen, "您填写的", article)] if form.cost_fen else []
        return drawable(facts, policy, "不超过您家分摊的钱。" if limit else _FILL_IN, *limit)
    own = yuan_text(filing.cost_fen - filing.subsidy_fen)
    share = f"{filing.share_per_10000 // 100}.{filing.share_per_10000 % 100:02d}%"
    return drawable(
        facts,
        policy,
        f"您家分摊 {yuan_text(_part_fen(filing))} 元，一套房提一次。",
        Part(
            "您家分摊的钱", _left_fen(filing, facts), f"电梯费用减去补贴是 {own} 元，您家占 {share}", _HOUSING
        ),
    )


def elevator_approval(facts: Facts, form: ElevatorForm, policy: Policy) -> Approval:
    """At once for a lift on file at a house that the register shows as the member's."""
    filing = _filing(facts, form)
    owned = {house.key for house in facts.property.owned} if facts.property else set()
    return Approval.INSTANT if filing is not None and filing.key in owned else Approval.REVIEW


def choices(facts: Facts, policy: Policy) -> Mapping[str, tuple[Choice, ...]]:
    """Houses with a lift on file."""
    labels = house_labels(facts)
    known = tuple(Choice(one.key, labels.get(one.key, one.label)) for one in _filings(facts))
    if not known:
        return {}
    return {"house": known if lives_alone(facts) else (*known, Choice(OTHER, "别的房子（配偶名下的）"))}


def asks(facts: Facts, form: ElevatorForm, policy: Policy) -> frozenset[str]:
    """The home's part only where no register knows it."""
    known = bool(_filings(facts))
    unknown = {"cost_fen"} if not known or form.house == OTHER else set()
    return frozenset({"amount_fen", "card_id", *({"house"} if known else set()), *unknown})


def spends(facts: Facts, form: ElevatorForm) -> frozenset[str]:
    """The house."""
    filing = _filing(facts, form)
    return frozenset({filing.key} if filing else ())


_ASKED = (Fact.MARRIAGE, Fact.PROPERTY, Fact.ELEVATOR)
_HOUSE = House("h1", "天元区示例路*号（编号尾号 0001）", "430200", 100)
_FILING = ElevatorFiling("h1", _HOUSE.label, "2026-08-25", 42_000_000, 10_000_000, 650)
_FACTS = plain_facts(*_ASKED, property=PropertyFacts(1, (_HOUSE,)), elevator=ElevatorFacts((_FILING,)))
_FORM = {"house": "h1", "amount_fen": 500_000, "card_id": CARD_ID}


def _filed(**changes: object) -> Facts:
    return replace(_FACTS, elevator=ElevatorFacts((replace(_FILING, **changes),)))  # type: ignore[arg-type]


ITEM = Item(
    code="elevator-withdrawal",
    name_zh="加装电梯提取",
    standard_code="WD_ELEVATOR",
    kind="withdrawal",
    group="money",
    module="28",
    summary="老楼装了电梯，提钱付自家那份",
    legal_basis=(
        Basis(
            "株洲市住房公积金提取管理办法",
            "既有住宅加装电梯（2019 年 8 月 1 日起开办）",
            "一套房提一次，不超过减去补贴后自家分摊的钱",
            until_on=date(2026, 4, 30),
        ),
        Basis(
            "株洲市住房公积金提取管理办法",
            "株金管委〔2026〕4号 第七条",
            "验收后 24 个月以内，一套房提一次，不超过减去补贴后自家分摊的钱",
            from_on=date(2026, 5, 1),
        ),
    ),
    form=ElevatorForm,
    needs=frozenset({Fact.ACCOUNT, Fact.USAGE, *_ASKED}),
    eligibility=(
        account_usable,
        nothing_in_flight,
        on_file,
        accepted,
        in_time,
        once_a_house,
        cost_left,
        something_to_draw,
    ),
    amount=elevator_amount,
    keep_fen=leave_fen,
    approval=elevator_approval,
    effect=StartWithdrawal(),
    verification=Verification.FACE,
    sources=(
        ("住建部门", "看加装电梯的登记、费用和补贴"),
        ("不动产登记", "看房子是不是您的"),
        ("民政部门", "看婚姻登记，配偶的房子也可以办"),
    ),
    documents=("电梯竣工验收证明", "费用分摊协议和付款凭证", "补贴文件"),
    sla_text="立即审批，一般 1 分钟内到账",
    order=35,
    effective_from=date(2019, 8, 1),
    choices=choices,
    asks=asks,
    spends=spends,
    examples=(
        Example(
            "电梯 42 万元、补贴 10 万元，占 6.5%：320,000 × 6.5% = 20,800 元", _FORM, _FACTS, True, 2_080_000
        ),
        Example(
            "家里人已经提了 15,000 元：剩 5,800 元",
            _FORM,
            with_usage(_FACTS, keyed=(KeyUsage("h1", 0, 0, 1_500_000, 1_500_000, 1_500_000),)),
            True,
            580_000,
        ),
        Example("验收正好 24 个月", _FORM, _filed(accepted_on="2024-11-23"), True, 2_080_000),
        Example(
            "登记系统没有回音：填 9,000 元，转人工审核",
            {"cost_fen": 900_000, "amount_fen": 500_000, "card_id": CARD_ID},
            replace(_FACTS, elevator=None, sources=answered(*_ASKED, missing=Fact.ELEVATOR)),
            True,
            900_000,
        ),
        Example(
            "没有登记过",
            _FORM,
            replace(_FACTS, elevator=ElevatorFacts(())),
            False,
            refusal="elevator.not_filed",
        ),
        Example("还没有验收", _FORM, _filed(accepted_on=None), False, refusal="elevator.not_accepted"),
        Example(
            "验收超过 24 个月一天",
            _FORM,
            _filed(accepted_on="2024-11-22"),
            False,
            refusal="elevator.too_late",
        ),
        Example(
            "这套房提过了",
            _FORM,
            with_usage(_FACTS, keyed=(KeyUsage("h1", 1_000, 1, 1_000, 0, 0),)),
            False,
            refusal="elevator.house_used",
        ),
        Example(
            "分摊的钱家里人提完了",
            _FORM,
            with_usage(_FACTS, keyed=(KeyUsage("h1", 0, 0, 2_080_000, 0, 0),)),
            False,
            refusal="elevator.cost_used",
        ),
        Example(
            "账户里没有钱",
            _FORM,
            with_account(_FACTS, balance_fen=0),
            False,
            refusal="withdrawal.nothing_available",
        ),
    ),
)

"""租房提取 rent withdrawal: members without a home in the city draw for rent, up to a yearly cap.

Formula F5: q(min(AV(R = 100 yuan), cap − Σ of the year)); once a month, at most twelve times a year. The cap is for
a couple together: a married member goes to review until the spouse's home can be checked with the spouse's consent.
Source: 《株洲市住房公积金提取管理办法》（株金管委〔2026〕4号）.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from services.core.money import yuan_text
from services.items.declaration import (
    Amount,
    Approval,
    Basis,
    Example,
    Form,
    Item,
    Part,
    Refusal,
    StartWithdrawal,
    Verification,
)
from services.items.facts import (
    AccountFacts,
    ContributionFacts,
    Fact,
    Facts,
    LoanFacts,
    MarriageFacts,
    PropertyFacts,
    SourceNote,
    UsageFacts,
)
from services.items.fields import AmountFen, PayeeCardId
from services.items.fund_loans import EXAMPLE_LOAN
from services.items.rules import (
    account_usable,
    first_of_next_month,
    lives_alone,
    nothing_in_flight,
    truncated,
)
from services.policies.rules import Policy

PURCHASE = "purchase-withdrawal"


class RentForm(Form):
    """What a member fills in: how much, to which card."""

    amount_fen: AmountFen
    card_id: PayeeCardId


def enough_months(facts: Facts, form: RentForm, policy: Policy) -> Refusal | None:
    """连续足额缴存满规定月数."""
    assert facts.contributions is not None
    have, need = facts.contributions.continuous_months, policy.integer("rent.min_months")
    if have >= need:
        return None
    lacking = need - have
    return Refusal(
        code="rent.months_short",
        rule=f"连续足额缴存满 {need} 个月",
        article=policy.text("rent.article"),
        fact=f"您已连续缴存 {have} 个月",
        source="公积金中心缴存记录",
        change=f"再连续缴存 {lacking} 个月就可以办",
        text=f"还差 {lacking} 个月。租房提取要先连续缴存 {need} 个月，您缴了 {have} 个月。",
        next_on=_months_after(facts.today, lacking),
    )


def no_home_in_city(facts: Facts, form: RentForm, policy: Policy) -> Refusal | None:
    """本人在本市无自有住房 (不动产登记)."""
    if facts.property is None or facts.property.houses == 0:
        return None
    return Refusal(
        code="rent.owns_home",
        rule="本人和配偶在本市没有自有住房",
        article=policy.text("rent.article"),
        fact=f"不动产登记显示您在本市有 {facts.property.houses} 套住房",
        source="不动产登记",
        change="名下没有本市住房后就可以办；登记有误可以申请核对",
        text=f"不动产登记显示您在本市有 {facts.property.houses} 套住房，所以不能办租房提取。信息不对？可以申请核对。",
    )


def once_a_month(facts: Facts, form: RentForm, policy: Policy) -> Refusal | None:
    """每月提取一次."""
    assert facts.usage is not None
    if facts.usage.month_count < policy.integer("rent.per_month"):
        return None
    next_on = first_of_next_month(facts.today)
    return Refusal(
        code="rent.month_used",
        rule="租房提取每月一次",
        article=policy.text("rent.article"),
        fact="您本月已经提取过",
        source="办理记录",
        change=f"{next_on.month} 月 1 日起可以再提",
        text=f"本月已经提过一次。{next_on.month} 月 1 日起可以再提。",
        next_on=next_on,
    )


def times_left(facts: Facts, form: RentForm, policy: Policy) -> Refusal | None:
    """每年不超过规定次数."""
    assert facts.usage is not None
    most = policy.integer("rent.per_year")
    if facts.usage.year_count < most:
        return None
    return Refusal(
        code="rent.times_used",
        rule=f"租房提取每年不超过 {most} 次",
        article=policy.text("rent.article"),
        fact=f"您今年已提取 {facts.usage.year_count} 次",
        source="办理记录",
        change="明年 1 月 1 日起可以再提",
        text=f"今年已经提了 {facts.usage.year_count} 次，每年最多 {most} 次。明年 1 月 1 日起可以再提。",
        next_on=date(facts.today.year + 1, 1, 1),
    )


def cap_left(facts: Facts, form: RentForm, policy: Policy) -> Refusal | None:
    """年度额度未用完 (夫妻合计)."""
    assert facts.usage is not None
    cap, drawn = policy.integer("rent.cap_year_couple_fen"), _couple_fen(facts)
    if drawn < cap:
        return None
    return Refusal(
        code="rent.cap_used",
        rule=f"租房提取一年最多 {yuan_text(cap)} 元，夫妻合计",
        article=policy.text("rent.article"),
        fact=f"今年已提 {yuan_text(drawn)} 元",
        source="办理记录",
        change="明年 1 月 1 日起有新的额度",
        text=f"今年的额度 {yuan_text(cap)} 元已经提完。明年 1 月 1 日起有新的额度。",
        next_on=date(facts.today.year + 1, 1, 1),
    )


def something_to_draw(facts: Facts, form: RentForm, policy: Policy) -> Refusal | None:
    """余额扣除冻结和保留后大于零."""
    retain = policy.integer("rent.retain_fen")
    if facts.account.balance_fen - facts.account.frozen_fen - retain > 0:
        return None
    return Refusal(
        code="withdrawal.nothing_available",
        rule=f"提取后账户至少留 {yuan_text(retain)} 元",
        article=policy.text("rent.article"),
        fact=f"账户余额 {yuan_text(facts.account.balance_fen)} 元，其中冻结 {yuan_text(facts.account.frozen_fen)} 元",
        source="公积金中心账户信息",
        change="下次缴存到账后就有可提的钱",
        text=f"账户里现在没有可提的钱：余额 {yuan_text(facts.account.balance_fen)} 元，要留 {yuan_text(retain)} 元。下次缴存到账后再来看看。",
    )


def day_limit_left(facts: Facts, form: RentForm, policy: Policy) -> Refusal | None:
    """单日限额 (建金〔2016〕14号)."""
    assert facts.usage is not None
    limit = policy.integer("withdrawal.day_limit_fen")
    if facts.usage.today_fen < limit:
        return None
    return Refusal(
        code="withdrawal.day_limit_used",
        rule=f"线上一天最多提 {yuan_text(limit)} 元",
        article="《住房公积金综合服务平台建设导则》（建金〔2016〕14号）",
        fact=f"今天已提 {yuan_text(facts.usage.today_fen)} 元",
        source="办理记录",
        change="明天可以再提，或者到网点办理",
        text=f"今天线上已提 {yuan_text(facts.usage.today_fen)} 元，到了一天的上限。明天可以再提，也可以到网点办理。",
    )


def rent_amount(facts: Facts, form: RentForm, policy: Policy) -> Amount:
    """F5: the least of what is available, what is left of the year, and the limits of one case and one day."""
    assert facts.usage is not None
    retain, cap = policy.integer("rent.retain_fen"), policy.integer("rent.cap_year_couple_fen")
    available = max(0, facts.account.balance_fen - facts.account.frozen_fen - retain)
    left = max(0, cap - _couple_fen(facts))
    case_limit = policy.integer("withdrawal.case_limit_fen")
    day_left = max(0, policy.integer("withdrawal.day_limit_fen") - facts.usage.today_fen)
    most = truncated(min(available, left, case_limit, day_left), policy.integer("withdrawal.precision_fen"))
    drawn = f"今年已提 {yuan_text(_couple_fen(facts))} 元。" if _couple_fen(facts) else "今年还没有提过。"
    return Amount(
        most,
        (
            Part("账户余额", facts.account.balance_fen, "您账户里现在的钱", "公积金中心账户信息"),
            Part("冻结", facts.account.frozen_fen, "法院等机关冻结的钱不能提", "公积金中心账户信息"),
            Part("留在账户", retain, "提取后账户要留一点，账户才不会被注销", policy.text("rent.article")),
            Part(
                "今年还可提",
                left,
                f"一年最多 {yuan_text(cap)} 元，夫妻合计；{drawn}",
                policy.text("rent.article"),
            ),
            Part("单笔上限", case_limit, "线上一笔最多这么多", "建金〔2016〕14号"),
        ),
        f"租房提取一年最多 {yuan_text(cap)} 元，夫妻合计；{drawn}",
    )


def rent_approval(facts: Facts, form: RentForm, policy: Policy) -> Approval:
    """Instant for the unmarried with every source answering and no home in our own books; otherwise a person looks."""
    sources_answered = not facts.missing(Fact.MARRIAGE) and not facts.missing(Fact.PROPERTY)
    plain = sources_answered and lives_alone(facts) and not _home_in_our_books(facts)
    return Approval.INSTANT if plain else Approval.REVIEW


def _home_in_our_books(facts: Facts) -> bool:
    """Money drawn to buy a home, or our loan on one in this city: a title may take years, or lie elsewhere by now."""
    drawn = facts.usage.last_by_item if facts.usage else {}
    loans = facts.loans.open if facts.loans else ()
    return PURCHASE in drawn or any(loan.house_city_code in ("", facts.city_code) for loan in loans)


def _couple_fen(facts: Facts) -> int:
    """What member and spouse drew this year, paid and pending."""
    assert facts.usage is not None
    return facts.usage.year_fen + facts.usage.spouse_year_fen


def _months_after(day: date, count: int) -> date:
    month = day.month - 1 + count
    return date(day.year + month // 12, month % 12 + 1, 1)


_ANSWERED = tuple(
    SourceNote(fact, "示例", "2026-11-23T09:00:00+08:00", "ok") for fact in ("marriage", "property")
)
_FACTS = Facts(
    today=date(2026, 11, 23),
    account=AccountFacts(
        "01", "正常", 5_600_000, 0, 0, "9920030100001", "示例单位", "2020-03-01", 1_000_000, 200_000
    ),
    contributions=ContributionFacts(36, "2023-11", "2026-10"),
    usage=UsageFacts(0, 0, 0, 0, False),
    marriage=MarriageFacts("10"),
    property=PropertyFacts(0),
    loans=LoanFacts(()),
    sources=_ANSWERED,
    city_code="430200",
)
_FORM = {"amount_fen": 300_000, "card_id": "019342a0-0000-7000-8000-000000000001"}

ITEM = Item(
    code="rent-withdrawal",
    name_zh="租房提取",
    standard_code="WD_RENT",
    kind="withdrawal",
    group="money",
    module="20",
    summary="没有自己的住房，提钱付房租",
    legal_basis=(
        Basis(
            "住房公积金管理条例",
            "第二十四条第一款第（六）项",
            "租房住、房租超出家庭工资收入规定比例的，可以提取账户里的钱",
            until_on=date(2026, 9, 19),
        ),
        Basis(
            "住房公积金管理条例",
            "国务院令第844号修订，2026 年 9 月 20 日起施行",
            "没有自己的住房、租房住的，可以提取账户里的钱，不再看房租占收入的比例",
            from_on=date(2026, 9, 20),
        ),
        Basis(
            "株洲市住房公积金提取管理办法",
            "株金管委〔2026〕4号 第七条",
            "每月一次，一年合计不超过规定额度，提取后保留 100 元",
        ),
    ),
    form=RentForm,
    needs=frozenset(
        {Fact.ACCOUNT, Fact.CONTRIBUTIONS, Fact.USAGE, Fact.LOANS, Fact.MARRIAGE, Fact.PROPERTY}
    ),
    eligibility=(
        account_usable,
        nothing_in_flight,
        enough_months,
        no_home_in_city,
        once_a_month,
        times_left,
        cap_left,
        day_limit_left,
        something_to_draw,
    ),
    amount=rent_amount,
    keep_fen=lambda policy: policy.integer("rent.retain_fen"),
    approval=rent_approval,
    next_on=lambda facts, policy: first_of_next_month(facts.today),
    effect=StartWithdrawal(),
    verification=Verification.FACE,
    sources=(("民政", "看是否已婚，夫妻额度合计"), ("不动产登记", "看本市有没有住房")),
    sla_text="立即审批，一般 1 分钟内到账",
    order=10,
    examples=(
        Example(
            "单身无房，额度未用：可提 18,000 元", _FORM, _FACTS, True, 1_800_000, approval=Approval.INSTANT
        ),
        Example(
            "不动产登记没有房，办过购房提取：人工审核",
            _FORM,
            replace(_FACTS, usage=UsageFacts(0, 0, 0, 0, False, last_by_item={PURCHASE: "2025-03-01"})),
            True,
            1_800_000,
            approval=Approval.REVIEW,
        ),
        Example(
            "不动产登记没有房，有本市住房的公积金贷款没还清：人工审核",
            _FORM,
            replace(_FACTS, loans=LoanFacts((EXAMPLE_LOAN,))),
            True,
            1_800_000,
            approval=Approval.REVIEW,
        ),
        Example(
            "公积金贷款买的是外地的房",
            _FORM,
            replace(_FACTS, loans=LoanFacts((replace(EXAMPLE_LOAN, house_city_code="430100"),))),
            True,
            1_800_000,
            approval=Approval.INSTANT,
        ),
        Example(
            "2026-05-01 前年度上限 15,000 元",
            _FORM,
            replace(_FACTS, today=date(2026, 4, 30)),
            True,
            max_fen=1_500_000,
        ),
        Example(
            "余额 5,000 元时留 100 元",
            _FORM,
            replace(_FACTS, account=replace(_FACTS.account, balance_fen=500_000)),
            True,
            max_fen=490_000,
        ),
        Example(
            "配偶今年已提 10,000 元：夫妻合计还剩 8,000 元",
            _FORM,
            replace(
                _FACTS,
                marriage=MarriageFacts("20"),
                usage=UsageFacts(0, 0, 0, 0, False, spouse_year_fen=1_000_000),
            ),
            True,
            max_fen=800_000,
        ),
        Example(
            "只连续缴了 2 个月",
            _FORM,
            replace(_FACTS, contributions=ContributionFacts(2, "2026-09", "2026-10")),
            False,
            refusal="rent.months_short",
        ),
        Example(
            "本市有房", _FORM, replace(_FACTS, property=PropertyFacts(1)), False, refusal="rent.owns_home"
        ),
        Example(
            "本月已提",
            _FORM,
            replace(_FACTS, usage=UsageFacts(100_000, 1, 1, 0, False)),
            False,
            refusal="rent.month_used",
        ),
        Example(
            "年度额度已用完",
            _FORM,
            replace(_FACTS, usage=UsageFacts(1_800_000, 6, 0, 0, False)),
            False,
            refusal="rent.cap_used",
        ),
    ),
)

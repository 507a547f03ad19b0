"""离职提取 leaving work: everything with interest to the day, after the account was sealed long enough (F7).

How long depends on the household register 户籍; whoever pays in elsewhere transfers instead.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from services.items.closing import ClosingForm, nothing_frozen, something_left, whole_amount
from services.items.declaration import Approval, Basis, CloseAccount, Example, Item, Refusal, Verification
from services.items.example_facts import CARD_ID, answered, plain_facts, with_account
from services.items.facts import ClosingFacts, Fact, Facts
from services.items.outside import HouseholdFacts, SocialFacts
from services.items.rules import account_usable, day_text, no_open_fund_loan, nothing_in_flight, plus_months
from services.policies.rules import Policy

SEALED = "02"
_SOCIAL = "人社部门社保记录"


def wait_months(facts: Facts, policy: Policy) -> int:
    """Months an account must be sealed; the shorter wait while the register has not answered: a person then decides."""
    local, other = (policy.integer(f"leaving.wait_months_{who}") for who in ("local", "other"))
    if facts.household is None:
        return min(local, other)
    return local if facts.household.local else other


def sealed(facts: Facts, form: ClosingForm, policy: Policy) -> Refusal | None:
    """账户已经封存."""
    if facts.account.state == SEALED:
        return None
    return Refusal(
        code="leaving.not_sealed",
        rule="离职后账户已经封存",
        article=policy.text("leaving.article"),
        fact=f"您的账户状态是“{facts.account.state_text}”",
        source="公积金中心账户信息",
        change="离职后请原单位办账户封存，封存满规定的时间就可以办",
        text="您的账户还没有封存。离职以后，请原单位给账户办封存，封存满规定的时间就可以提。",
    )


def long_enough(facts: Facts, form: ClosingForm, policy: Policy) -> Refusal | None:
    """封存满规定月数 (按户籍)."""
    if facts.account.state != SEALED or facts.account.sealed_on is None:
        return None
    months, since = wait_months(facts, policy), date.fromisoformat(facts.account.sealed_on)
    next_on = plus_months(since, months)
    if next_on <= facts.today:
        return None
    return Refusal(
        code="leaving.too_early",
        rule=f"账户封存满 {months} 个月",
        article=policy.text("leaving.article"),
        fact=f"您的账户是 {day_text(since)}封存的",
        source="公积金中心账户信息",
        change=f"{day_text(next_on)}起可以办；这之前重新上班的，账户接着用",
        text=f"账户 {day_text(since)}封存，要满 {months} 个月。{day_text(next_on)}起可以办。",
        next_on=next_on,
    )


def not_employed(facts: Facts, form: ClosingForm, policy: Policy) -> Refusal | None:
    """社保没有在职参保."""
    if facts.social is None or facts.social.status == "unemployed":
        return None
    if facts.social.status == "retired":
        return Refusal(
            code="leaving.retired",
            rule="退休的办离退休提取",
            article=policy.text("retirement.article"),
            fact="社保记录里您已经退休",
            source=_SOCIAL,
            change="请办“离退休提取”，不用等",
            text="社保记录里您已经退休，请办“离退休提取”，不用等。",
        )
    return Refusal(
        code="leaving.employed",
        rule="没有在别的单位上班",
        article=policy.text("leaving.article"),
        fact="社保记录里您正在单位参保",
        source=_SOCIAL,
        change="请新单位把账户接着用起来；在外地上班的，办“异地转移接续”",
        text="社保记录里您正在单位上班。请新单位接着给这个账户存钱；在外地上班的，可以把钱转到那边的账户。",
    )


def not_elsewhere(facts: Facts, form: ClosingForm, policy: Policy) -> Refusal | None:
    """没有在异地重新缴存."""
    if facts.social is None or not facts.social.fund_elsewhere:
        return None
    return Refusal(
        code="leaving.fund_elsewhere",
        rule="在外地重新缴存公积金的，办转移，不办提取",
        article=policy.text("leaving.article"),
        fact="全国共享的记录里，您在外地又开始缴存公积金",
        source="全国住房公积金共享记录",
        change="请办“异地转移接续”，把钱转到外地的账户",
        text="您在外地又开始缴存公积金了。请办“异地转移接续”，把这里的钱转过去。",
    )


def leaving_approval(facts: Facts, form: ClosingForm, policy: Policy) -> Approval:
    """A person looks at an account of which nobody wrote down when it was sealed."""
    return Approval.INSTANT if facts.account.sealed_on else Approval.REVIEW


def spares(facts: Facts, form: ClosingForm, policy: Policy) -> frozenset[Fact]:
    """The household register is not asked while the wait is the same for all."""
    same = policy.integer("leaving.wait_months_local") == policy.integer("leaving.wait_months_other")
    return frozenset({Fact.HOUSEHOLD}) if same else frozenset()


_ASKED = (Fact.SOCIAL, Fact.HOUSEHOLD)
_FACTS = with_account(
    plain_facts(
        *_ASKED,
        social=SocialFacts("unemployed"),
        household=HouseholdFacts(True),
        closing=ClosingFacts("2026-06-30", 20_440),
    ),
    state=SEALED,
    state_text="封存",
    sealed_on="2026-03-01",
    balance_fen=3_360_000,
)
_FORM = {"card_id": CARD_ID}

ITEM = Item(
    code="leaving-withdrawal",
    name_zh="离职提取",
    standard_code="WD_LEAVE",
    kind="withdrawal",
    group="money",
    module="27",
    summary="离职半年没有再上班，把钱提完",
    legal_basis=(
        Basis(
            "关于开展治理违规提取住房公积金工作的通知",
            "建金〔2018〕46号",
            "离职后账户封存满半年、没有再缴存的，可以提取；在外地重新缴存的办转移",
        ),
        Basis(
            "株洲市住房公积金提取管理办法", "离职提取", "离开单位、账户封存满规定时间的，提取全部并注销账户"
        ),
    ),
    form=ClosingForm,
    needs=frozenset({Fact.ACCOUNT, Fact.USAGE, Fact.LOANS, Fact.CLOSING, *_ASKED}),
    eligibility=(
        account_usable,
        nothing_in_flight,
        sealed,
        long_enough,
        not_employed,
        not_elsewhere,
        no_open_fund_loan,
        nothing_frozen,
        something_left,
    ),
    amount=whole_amount,
    keep_fen=lambda policy: 0,
    approval=leaving_approval,
    effect=CloseAccount("99"),
    verification=Verification.FACE,
    sources=(("人社部门", "看有没有在别的单位上班"), ("公安部门", "需要时看户籍，外地户籍等的时间可能不同")),
    documents=("解除劳动关系的证明",),
    sla_text="立即审批，一般 1 分钟内到账",
    order=45,
    spares=spares,
    examples=(
        Example("封存 8 个月、没有上班：33,600.00 元加利息 204.40 元", _FORM, _FACTS, True, 3_380_440),
        Example("正好满 6 个月", _FORM, with_account(_FACTS, sealed_on="2026-05-23"), True, 3_380_440),
        Example(
            "社保没有回音：不拒绝，转人工审核",
            _FORM,
            replace(_FACTS, social=None, sources=answered(*_ASKED, missing=Fact.SOCIAL)),
            True,
            3_380_440,
        ),
        Example(
            "差一天满 6 个月",
            _FORM,
            with_account(_FACTS, sealed_on="2026-05-24"),
            False,
            refusal="leaving.too_early",
        ),
        Example(
            "账户没有封存",
            _FORM,
            with_account(_FACTS, state="01", state_text="正常", sealed_on=None),
            False,
            refusal="leaving.not_sealed",
        ),
        Example(
            "又上班了",
            _FORM,
            replace(_FACTS, social=SocialFacts("employed")),
            False,
            refusal="leaving.employed",
        ),
        Example(
            "已经退休",
            _FORM,
            replace(_FACTS, social=SocialFacts("retired")),
            False,
            refusal="leaving.retired",
        ),
        Example(
            "外地又缴存了",
            _FORM,
            replace(_FACTS, social=SocialFacts("unemployed", None, True)),
            False,
            refusal="leaving.fund_elsewhere",
        ),
        Example(
            "有 100 元被冻结", _FORM, with_account(_FACTS, frozen_fen=10_000), False, refusal="closing.frozen"
        ),
    ),
)

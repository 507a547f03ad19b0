"""Rules of items that close an account 销户提取: all of it, with interest to the day, and only when nothing is frozen."""

from __future__ import annotations

from typing import Any

from services.core.money import yuan_text
from services.items.declaration import Amount, Form, Part, Refusal
from services.items.facts import Facts
from services.items.fields import PayeeCardId
from services.policies.rules import Policy

_CENTRE = "公积金中心账户信息"


class ClosingForm(Form):
    """Everything is paid, so only the card is asked."""

    card_id: PayeeCardId


def nothing_frozen(facts: Facts, form: Any, policy: Policy) -> Refusal | None:
    """账户里没有被冻结的钱."""
    if facts.account.frozen_fen == 0:
        return None
    frozen = yuan_text(facts.account.frozen_fen)
    return Refusal(
        code="closing.frozen",
        rule="注销账户时，账户里没有被冻结的钱",
        article=policy.text("closing.article"),
        fact=f"账户里有 {frozen} 元被法院等机关冻结",
        source=_CENTRE,
        change="冻结解除后就可以办",
        text=f"账户里有 {frozen} 元被冻结，不能全部提完。冻结解除后就可以办。",
        turn_to="请带身份证到网点，由工作人员处理；也可以拨打 12329。",
    )


def something_left(facts: Facts, form: Any, policy: Policy) -> Refusal | None:
    """账户里有钱."""
    if _whole_fen(facts) > 0:
        return None
    return Refusal(
        code="closing.nothing_left",
        rule="账户里有可以提的钱",
        article=policy.text("closing.article"),
        fact="账户余额是 0.00 元",
        source=_CENTRE,
        change="不用办提取；要注销空账户，请到网点办理",
        text="账户里没有钱，不用办提取。要注销空账户，请带身份证到网点办理。",
    )


def whole_amount(facts: Facts, form: Any, policy: Policy) -> Amount:
    """F6 and F7: B + I, all of it; I is the interest to today."""
    interest = facts.closing.interest_fen if facts.closing else 0
    whole = 0 if facts.account.frozen_fen else _whole_fen(facts)
    since = f"从 {facts.closing.interest_from} 算到今天" if facts.closing else "算到今天"
    return Amount(
        whole,
        (
            Part("账户余额", facts.account.balance_fen, "您账户里现在的钱", _CENTRE),
            Part("利息", interest, since, policy.text("closing.article")),
        ),
        "连本带利一次提完，账户同时注销，以后不能再用这个账户存钱。",
    )


def _whole_fen(facts: Facts) -> int:
    return facts.account.balance_fen + (facts.closing.interest_fen if facts.closing else 0)

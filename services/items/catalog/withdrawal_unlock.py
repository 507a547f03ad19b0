"""解除提取锁 opening the withdrawal lock: the member's face, then a wait in which the member is told and can lock again."""

from __future__ import annotations

from services.items.declaration import Basis, Example, Form, Item, OpenLock, Refusal, Verification
from services.items.example_facts import plain_facts, with_account
from services.items.facts import Fact, Facts
from services.policies.rules import Policy

_ARTICLE = "本人自愿设置，本中心办事规则"
_OWN = "您自己的设置"


class UnlockForm(Form):
    """Nothing to fill in."""


def locked(facts: Facts, form: UnlockForm, policy: Policy) -> Refusal | None:
    """账户上着提取锁."""
    if facts.account.locked_since is not None:
        return None
    return Refusal(
        code="lock.not_locked",
        rule="账户上着提取锁才用解锁",
        article=_ARTICLE,
        fact="您的账户没有上提取锁",
        source=_OWN,
        change="不用办，钱可以照常提取",
        text="您的账户没有上提取锁，不用解锁，钱可以照常提取。",
    )


def not_opening(facts: Facts, form: UnlockForm, policy: Policy) -> Refusal | None:
    """还没有申请过解锁."""
    if facts.account.unlocks_at is None:
        return None
    return Refusal(
        code="lock.unlock_asked",
        rule="一次解锁只用申请一回",
        article=_ARTICLE,
        fact="您已经申请过解锁，正在等待期里",
        source=_OWN,
        change="等待期满自动打开，不用再办",
        text="您已经申请过解锁，等待期满会自动打开，不用再办。",
    )


_SINCE = "2026-11-20T09:00:00+08:00"
_OPEN = plain_facts(Fact.ACCOUNT)
_LOCKED = with_account(_OPEN, locked_since=_SINCE)

ITEM = Item(
    code="withdrawal-unlock",
    name_zh="解除提取锁",
    standard_code="AC_CONTROL",
    kind="change",
    group="profile",
    module="45",
    summary="打开您自己上的提取锁",
    legal_basis=(Basis("本中心办事规则", "提取锁", "锁由本人自愿设置；解锁要本人刷脸，等一段时间才打开"),),
    form=UnlockForm,
    needs=frozenset({Fact.ACCOUNT}),
    eligibility=(locked, not_opening),
    effect=OpenLock(),
    verification=Verification.FACE,
    sources=(),
    allowed_text="刷脸以后还要等一段时间锁才打开，其间会发短信和微信告诉您。不是您要解锁的话，随时可以再锁上。",
    sla_text="刷脸通过、等待期满后打开",
    order=96,
    listed=False,
    examples=(
        Example("上着锁", {}, _LOCKED, True),
        Example("没有上锁", {}, _OPEN, False, refusal="lock.not_locked"),
        Example(
            "已经在解锁",
            {},
            with_account(_LOCKED, unlocks_at="2026-11-23T21:00:00+08:00"),
            False,
            refusal="lock.unlock_asked",
        ),
    ),
)

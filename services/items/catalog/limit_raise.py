"""调高每日限额 raising the member's own daily limit: the face, then a wait; lowering needs neither."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictInt

from services.core.money import yuan_text
from services.items.declaration import Basis, Example, Form, Item, RaiseLimit, Refusal, Verification
from services.items.example_facts import plain_facts, with_account
from services.items.facts import Fact, Facts
from services.policies.rules import Policy

_ARTICLE = "本人自愿设置，本中心办事规则"
_OWN = "您自己的设置"
LEAST_FEN, MOST_FEN = 100, 99_999_999_999


class RaiseForm(Form):
    """The new limit."""

    limit_fen: Annotated[
        StrictInt,
        Field(
            title="一天最多提多少",
            ge=LEAST_FEN,
            le=MOST_FEN,
            json_schema_extra={"x-widget": "amount", "x-help": "填 100,000.00 元或更多，就是不再自己设限"},
        ),
    ]


def has_limit(facts: Facts, form: RaiseForm, policy: Policy) -> Refusal | None:
    """自己设过每日限额."""
    if facts.account.own_limit_fen is not None:
        return None
    return Refusal(
        code="limit.none",
        rule="自己设过每日限额才用调高",
        article=_ARTICLE,
        fact="您没有设每日限额",
        source=_OWN,
        change="不用办；想设一个，在“提取锁和限额”里直接设",
        text="您没有设每日限额，不用调高。想设一个，在“提取锁和限额”里直接设就行。",
    )


def is_higher(facts: Facts, form: RaiseForm, policy: Policy) -> Refusal | None:
    """新限额比现在的高."""
    present, asked = facts.account.own_limit_fen, form.limit_fen
    if present is None or asked is None or asked > present:
        return None
    return Refusal(
        code="limit.not_higher",
        rule="新限额要比现在的高",
        article=_ARTICLE,
        fact=f"现在的限额是 {yuan_text(present)} 元",
        source=_OWN,
        change="填一个更高的数；调低不用刷脸，在“提取锁和限额”里直接改",
        text=f"现在的限额是 {yuan_text(present)} 元，请填一个更高的数。调低不用刷脸，在“提取锁和限额”里直接改。",
    )


_FREE = plain_facts(Fact.ACCOUNT)
_LIMITED = with_account(_FREE, own_limit_fen=500_000)

ITEM = Item(
    code="limit-raise",
    name_zh="调高每日限额",
    standard_code="AC_CONTROL",
    kind="change",
    group="profile",
    module="46",
    summary="把您自己设的每日限额调高",
    legal_basis=(
        Basis("本中心办事规则", "自设每日限额", "限额由本人自愿设置；调高要本人刷脸，等一段时间才生效"),
    ),
    form=RaiseForm,
    needs=frozenset({Fact.ACCOUNT}),
    eligibility=(has_limit, is_higher),
    effect=RaiseLimit(),
    verification=Verification.FACE,
    sources=(),
    allowed_text="刷脸以后还要等一段时间才生效，其间会发短信和微信告诉您，随时可以再调低。",
    sla_text="刷脸通过、等待期满后生效",
    order=97,
    listed=False,
    examples=(
        Example("从 5,000 调到 20,000", {"limit_fen": 2_000_000}, _LIMITED, True),
        Example("没有设过限额", {"limit_fen": 2_000_000}, _FREE, False, refusal="limit.none"),
        Example("比现在的低", {"limit_fen": 500_000}, _LIMITED, False, refusal="limit.not_higher"),
    ),
)

"""Cards in forms 银行卡: how a card is asked for, and what the bank must have said of it before it serves."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from services.items.declaration import Form, Refusal
from services.items.facts import Fact, Facts

_REASONS = {
    "holder_mismatch": ("开户人不是您本人", "请换一张您本人名下的储蓄卡"),
    "card_not_found": ("银行没有查到这张卡", "请核对卡号和开户银行"),
    "card_frozen": ("这张卡被冻结了", "请先到银行解除冻结，或换一张卡"),
    "not_class_one": ("这张卡是Ⅱ类或Ⅲ类账户", "请换一张Ⅰ类储蓄卡"),
    "not_debit": ("这张卡不是储蓄卡", "请换一张储蓄卡"),
}
_BANK = "开户银行核验"


def _digits_together(text: str) -> str:
    """People type cards in groups of four; the bank knows the digits."""
    return text.replace(" ", "")


class CardForm(Form):
    """The new card."""

    card_no: Annotated[
        str,
        Field(
            title="银行卡号",
            min_length=12,
            max_length=30,
            json_schema_extra={
                "x-widget": "text",
                "x-input": "numeric",
                "x-help": "请填您本人名下的储蓄卡（Ⅰ类账户）",
            },
        ),
        AfterValidator(_digits_together),
    ]
    bank_code: Annotated[
        str,
        Field(
            title="开户银行",
            pattern="^[0-9]{6}$",
            json_schema_extra={
                "x-widget": "choice",
                "x-labels": {
                    "105000": "建设银行",
                    "102000": "工商银行",
                    "103000": "农业银行",
                    "104000": "中国银行",
                    "301000": "交通银行",
                },
            },
        ),
    ]


def not_confirmed(facts: Facts, use: str, article: str) -> Refusal | None:
    """What the bank has against a card that is to serve for `use` (收款, 还款)."""
    if facts.card_check is None or facts.card_check.matched:
        return None
    reason = facts.card_check.reason if facts.card_check.reason in _REASONS else "not_confirmed"
    fact, change = _REASONS.get(reason, ("银行没有核验通过", "请核对卡号和开户银行"))
    return Refusal(
        code=f"card.{reason}",
        rule=f"{use}卡必须是本人名下的Ⅰ类储蓄卡",
        article=article,
        fact=fact,
        source=_BANK,
        change=change,
        text=f"{fact}，不能用来{use}。{change}。",
    )


def no_answer(facts: Facts, use: str, article: str) -> Refusal | None:
    """A card that no bank has confirmed does not serve."""
    if not facts.missing(Fact.CARD_CHECK):
        return None
    return Refusal(
        code="card.check_unavailable",
        rule=f"{use}卡要先由开户银行核验",
        article=article,
        fact="银行的核验服务现在没有回音",
        source=_BANK,
        change="过一会儿再试，或带卡到网点办理",
        text="银行的核验服务现在没有回音，暂时不能添加新卡。请过一会儿再试。",
    )

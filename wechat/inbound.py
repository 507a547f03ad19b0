"""Inbound 来信: what a person wants, from what they wrote or tapped."""

from __future__ import annotations

from enum import StrEnum

from wechat.callbacks import CallbackMessage


class Intent(StrEnum):
    """What a message is about."""

    BALANCE = "balance"
    WITHDRAW = "withdraw"
    PROGRESS = "progress"
    PROOF = "proof"
    STAFF = "staff"
    GREETING = "greeting"
    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"
    TEMPLATE_RESULT = "template_result"
    SILENT = "silent"
    OTHER = "other"


# First hit wins: "提取进度" asks for progress, "余额证明" for a proof.
WORDS: tuple[tuple[Intent, tuple[str, ...]], ...] = (
    (Intent.STAFF, ("人工", "客服", "投诉", "电话", "12329", "网点", "地址", "上班")),
    (Intent.PROGRESS, ("进度", "到账", "办到哪", "多久", "审核", "退回")),
    (Intent.PROOF, ("证明", "凭证", "明细", "流水", "打印")),
    (Intent.BALANCE, ("余额", "多少钱", "账户", "缴存", "查询", "查账")),
    (Intent.WITHDRAW, ("提取", "租房", "买房", "购房", "退休", "还贷", "取钱", "支取", "离职")),
    (Intent.GREETING, ("你好", "您好", "在吗", "hello", "hi")),
)
BUTTONS = {"STAFF": Intent.STAFF, "HELP": Intent.OTHER, "PROGRESS": Intent.PROGRESS}
EVENTS = {
    "subscribe": Intent.SUBSCRIBED,
    "unsubscribe": Intent.UNSUBSCRIBED,
    "TEMPLATESENDJOBFINISH": Intent.TEMPLATE_RESULT,
}


def intent_of(message: CallbackMessage) -> Intent:
    """The intent of one message or event."""
    if message.kind == "event":
        if message.event == "CLICK":
            return BUTTONS.get(message.event_key, Intent.OTHER)
        return EVENTS.get(message.event, Intent.SILENT)
    if message.kind != "text":
        return Intent.OTHER
    return intent_of_text(message.content)


def intent_of_text(text: str) -> Intent:
    """The intent of what a person wrote."""
    said = text.strip().lower()
    return next((intent for intent, words in WORDS if any(word in said for word in words)), Intent.OTHER)

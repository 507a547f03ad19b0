"""Inbound 来信: what a person wants, from what they wrote, said or tapped."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from wechat.callbacks import CallbackMessage


class Intent(StrEnum):
    """What a message is about."""

    BALANCE = "balance"
    WITHDRAW = "withdraw"
    PROGRESS = "progress"
    PROOF = "proof"
    LOAN = "loan"
    REPAY = "repay"
    INTEREST = "interest"
    BRANCHES = "branches"
    BIND = "bind"
    UNBIND = "unbind"
    TRANSFER = "transfer"
    CARD = "card"
    PROFILE = "profile"
    STAFF = "staff"
    GREETING = "greeting"
    THANKS = "thanks"
    SUBSCRIBED = "subscribed"
    UNHEARD = "unheard"
    PICTURE = "picture"
    PLACE = "place"
    SILENT = "silent"
    OTHER = "other"


# First hit wins: "提取进度" asks for progress, "余额证明" for a proof, "还贷提取" for a withdrawal.
WORDS: tuple[tuple[Intent, tuple[str, ...]], ...] = (
    (Intent.STAFF, ("人工", "客服", "投诉", "电话", "12329", "真人", "工作人员")),
    (Intent.BRANCHES, ("网点", "地址", "上班", "下班", "营业", "柜台", "大厅", "周末", "中心在哪", "怎么走")),
    (Intent.UNBIND, ("解绑", "解除绑定", "取消绑定", "换绑", "换微信", "换个微信")),
    (Intent.BIND, ("绑定", "实名", "注册", "登录", "登陆", "认领")),
    (Intent.TRANSFER, ("转移", "转入", "转出", "转回", "转过来", "转到", "接续")),
    (Intent.PROOF, ("证明", "凭证", "明细", "流水", "打印", "对账单")),
    (
        Intent.PROGRESS,
        ("进度", "到账", "到帐", "办到哪", "到哪一步", "到哪步", "多久", "审核", "退回", "单号", "批了没"),
    ),
    (Intent.INTEREST, ("利息", "利率", "结息")),
    (
        Intent.WITHDRAW,
        ("提取", "支取", "取钱", "取出", "取现", "提现", "能取", "可取", "能提", "可提", "取多少", "提多少"),
    ),
    (
        Intent.REPAY,
        ("还款", "月供", "扣款", "还贷", "还房贷", "还清", "结清", "逾期", "每月还", "还多少", "欠多少"),
    ),
    (Intent.LOAN, ("贷款", "房贷", "贷多少", "借款")),
    (
        Intent.WITHDRAW,
        ("租房", "租金", "房租", "买房", "购房", "退休", "离职", "装修", "电梯", "物业费", "首付"),
    ),
    (Intent.CARD, ("银行卡", "收款卡", "换卡", "卡号")),
    (Intent.PROFILE, ("手机号", "换手机", "改手机", "改名", "密码", "个人信息", "身份证")),
    (
        Intent.BALANCE,
        ("余额", "多少钱", "剩多少", "账户", "帐户", "账号", "缴存", "缴了", "缴费", "基数", "查询", "查账"),
    ),
    (Intent.BALANCE, ("公积金有多少", "我的公积金", "查一下", "月缴")),
    (Intent.THANKS, ("谢谢", "多谢", "感谢", "辛苦了", "再见", "拜拜")),
    (Intent.GREETING, ("你好", "您好", "在吗", "早上好", "下午好", "晚上好", "hello")),
)
WHOLE = {
    "hi": Intent.GREETING,
    "嗨": Intent.GREETING,
    "提": Intent.WITHDRAW,
    "取": Intent.WITHDRAW,
    "查": Intent.BALANCE,
    "好的": Intent.THANKS,
    "好": Intent.THANKS,
    "ok": Intent.THANKS,
    "嗯": Intent.THANKS,
}
BUTTONS = {
    "STAFF": Intent.STAFF,
    "HELP": Intent.OTHER,
    "PROGRESS": Intent.PROGRESS,
    "BRANCHES": Intent.BRANCHES,
}
EVENTS = {"subscribe": Intent.SUBSCRIBED, "SCAN": Intent.SUBSCRIBED}
KINDS = {
    "image": Intent.PICTURE,
    "video": Intent.PICTURE,
    "shortvideo": Intent.PICTURE,
    "location": Intent.PLACE,
}
_NOISE = re.compile(r"[\W_]+")


def intent_of(message: CallbackMessage) -> Intent:
    """The intent of one message or event."""
    if message.kind == "event":
        if message.event == "CLICK":
            return BUTTONS.get(message.event_key, Intent.OTHER)
        return EVENTS.get(message.event, Intent.SILENT)
    if message.kind == "voice":
        heard = message.fields.get("Recognition", "")
        return intent_of_text(heard) if heard else Intent.UNHEARD
    if message.kind != "text":
        return KINDS.get(message.kind, Intent.OTHER)
    return intent_of_text(message.content)


def intent_of_text(text: str) -> Intent:
    """The intent of what a person wrote; width, case, spaces and punctuation do not matter."""
    said = _NOISE.sub("", unicodedata.normalize("NFKC", text).lower())
    found = (intent for intent, words in WORDS if any(word in said for word in words))
    return WHOLE.get(said) or next(found, Intent.OTHER)

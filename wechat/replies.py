"""Replies 回复: a plain, useful answer to every message, and nothing personal to somebody we do not know."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from wechatpy.crypto import PrpCrypto
from wechatpy.replies import TextReply

from wechat.callbacks import CallbackMessage
from wechat.config import CallbackConfig
from wechat.inbound import Intent

BIND_FIRST = "您还没有绑定公积金账户。点这里，用姓名、身份证号和手机验证码绑定，一分钟就好：{home}"
STAFF = (
    "要找工作人员，请拨 12329（工作日 9:00–17:00）。也可以带身份证到任一网点办理。\n"
    "不管打电话还是在网点，我们都不会要您的验证码和银行卡密码。"
)
UNBOUND: Mapping[Intent, str] = {
    Intent.SUBSCRIBED: (
        "您好，这里是株洲住房公积金。\n查余额、租房提取、开缴存证明，在手机上几分钟就能办。\n"
        "第一次用请先绑定账户：{home}"
    ),
    Intent.WITHDRAW: (
        "在本市没有房、连续缴存满 3 个月，可以租房提取，刷脸后几分钟到账。\n"
        "能不能提、能提多少，绑定后马上看得到：{home}"
    ),
    Intent.STAFF: STAFF,
}
BOUND: Mapping[Intent, str] = {
    Intent.SUBSCRIBED: "欢迎回来。您的账户已经绑定，点这里看余额和办业务：{home}",
    Intent.BALANCE: "{balance}看每一笔缴存和提取，点这里：{home}",
    Intent.WITHDRAW: "能提多少、要不要材料，点进去先看到数，再决定办不办：{withdraw}",
    Intent.PROGRESS: "{progress}每一步走到哪、还要多久，点这里看：{progress_page}",
    Intent.PROOF: "缴存证明当场就能开，盖电子章，可以扫码验真：{proof}",
    Intent.STAFF: STAFF,
    Intent.GREETING: "您好。想办什么？可以说“余额”“提取”“进度”“证明”，或点这里：{home}",
}
ANYTHING = (
    "这句话我没有看懂。您可以说：\n余额 — 看账户里有多少钱\n提取 — 租房、买房、退休取钱\n"
    "进度 — 办的事到哪一步了\n证明 — 开缴存证明\n人工 — 找工作人员\n或点这里：{home}"
)
QUIET = frozenset({Intent.UNSUBSCRIBED, Intent.TEMPLATE_RESULT, Intent.SILENT})
PAGES = {
    "home": ("home", "我的公积金"),
    "withdraw": ("home", "看我能提多少"),
    "progress_page": ("applications", "我的办理"),
    "proof": ("certificates", "我的证明"),
}


@dataclass(frozen=True, slots=True)
class ChatFacts:
    """What a bound person may be told in the conversation; whole sentences, empty when there is nothing."""

    balance: str = ""
    progress: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """A text answer; links are WeChat's `<a href>`."""

    text: str


def entry_url(public_base_url: str, page: str) -> str:
    """Address that signs the person in through WeChat and opens a page."""
    return f"{public_base_url}/api/v1/auth/wechat/start?page={page}"


def reply_to(intent: Intent, facts: ChatFacts | None, public_base_url: str) -> Reply | None:
    """The answer to an intent; `facts` is None for somebody without a binding."""
    if intent in QUIET:
        return None
    if facts is None:
        text = UNBOUND.get(intent, ANYTHING if intent is Intent.OTHER else BIND_FIRST)
    else:
        text = BOUND.get(intent, ANYTHING)
    links = {
        name: f'<a href="{entry_url(public_base_url, page)}">{label}</a>'
        for name, (page, label) in PAGES.items()
    }
    facts = facts or ChatFacts()
    return Reply(text.format(**links, balance=_line(facts.balance), progress=_line(facts.progress)))


def _line(sentence: str) -> str:
    return f"{sentence}\n" if sentence else ""


def sealed_reply(reply: Reply, message: CallbackMessage, config: CallbackConfig, now: datetime) -> str:
    """Passive reply 被动回复 as the encrypted XML WeChat expects, under the nonce of the request."""
    stamp = int(now.timestamp())
    answer = TextReply(
        source=config.original_id, target=message.openid, content=reply.text, time=stamp
    ).render()
    return seal(answer, config, message.nonce, str(stamp))


class _Crypto(PrpCrypto):  # type: ignore[misc]
    """wechatpy's cipher, with a salt that cannot be guessed."""

    def get_random_string(self) -> bytes:
        return secrets.token_hex(8).encode()


def seal(document: str, config: CallbackConfig, nonce: str, timestamp: str) -> str:
    """Encrypt and sign one document in safe mode."""
    encrypted = _Crypto(base64.b64decode(config.aes_key + "=")).encrypt(document, config.appid).decode()
    parts = sorted([config.token, timestamp, nonce, encrypted])
    signature = hashlib.sha1("".join(parts).encode(), usedforsecurity=False).hexdigest()
    return (
        f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt><MsgSignature><![CDATA[{signature}]]></MsgSignature>"
        f"<TimeStamp>{timestamp}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
    )

"""Replies 回复: a plain, useful answer to every message, and nothing personal to somebody we do not know."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from wechatpy.crypto import PrpCrypto
from wechatpy.replies import ArticlesReply, TextReply

from wechat.config import CallbackConfig
from wechat.inbound import Intent
from wechat.reply_texts import BOUND, CARDS, PAGES, UNBOUND

TEXT_BYTES = 2048
_NAMES = re.compile(r"\{([a-z_]+)\}")


class Facts(Protocol):
    """What a bound person may be told, a whole sentence each; empty when there is nothing to tell."""

    def tell(self, what: str) -> str:
        """One fact by its name in the texts: balance, month, progress, loan …"""
        ...


@dataclass(frozen=True, slots=True)
class Card:
    """A news card 图文: title, a few lines, and the page it opens."""

    title: str
    text: str
    url: str
    picture: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: text with WeChat's `<a href>` links; `card` is shown in its place where there is one."""

    text: str
    card: Card | None = None


def entry_url(public_base_url: str, page: str) -> str:
    """Address that signs the person in through WeChat and opens a page."""
    return f"{public_base_url}/api/v1/auth/wechat/start?page={page}"


def reply_to(intent: Intent, facts: Facts | None, public_base_url: str) -> Reply | None:
    """The answer to an intent; `facts` is None for somebody without a binding."""
    if intent is Intent.SILENT:
        return None
    texts = UNBOUND if facts is None else BOUND
    lines = [_filled(line, facts, public_base_url) for line in texts.get(intent, texts[Intent.OTHER])]
    text = "\n".join(line for line in lines if line)
    return Reply(text, _card(intent, facts, public_base_url))


def _card(intent: Intent, facts: Facts | None, public_base_url: str) -> Card | None:
    shape = CARDS.get((intent, facts is not None))
    if shape is None:
        return None
    title = _filled(shape.title, facts, public_base_url)
    if not title:
        return None
    text = "\n".join(filter(None, (_filled(line, facts, public_base_url) for line in shape.lines)))
    return Card(title, text, entry_url(public_base_url, PAGES[shape.page][0]))


def _filled(line: str, facts: Facts | None, public_base_url: str) -> str:
    """A line with its facts and links; empty when it is built on a fact that there is not."""
    values: dict[str, str] = {}
    for name in _NAMES.findall(line):
        if name in PAGES:
            page, label = PAGES[name]
            values[name] = f'<a href="{entry_url(public_base_url, page)}">{label}</a>'
        else:
            values[name] = facts.tell(name) if facts is not None else ""
        if not values[name]:
            return ""
    return line.format_map(values)


def encrypted_reply(reply: Reply, openid: str, config: CallbackConfig, now: datetime) -> str:
    """Passive reply 被动回复 to a user, as the Encrypt field WeChat expects."""
    return encrypt(_rendered(reply, openid, config.original_id, int(now.timestamp())), config)


def signed_reply(encrypted: str, config: CallbackConfig, nonce: str, now: datetime) -> str:
    """An Encrypt field signed under the nonce of the request it answers."""
    return sign(encrypted, config, nonce, str(int(now.timestamp())))


def _rendered(reply: Reply, openid: str, source: str, stamp: int) -> str:
    if reply.card is None:
        answer = TextReply(source=source, target=openid, content=reply.text, time=stamp)
    else:
        answer = ArticlesReply(source=source, target=openid, time=stamp)
        answer.add_article(_article(reply.card))
    return str(answer.render())


def _article(card: Card) -> dict[str, str]:
    return {"title": card.title, "description": card.text, "image": card.picture, "url": card.url}


class _Crypto(PrpCrypto):  # type: ignore[misc]
    """wechatpy's cipher, with a salt that cannot be guessed."""

    def get_random_string(self) -> bytes:
        return secrets.token_hex(8).encode()


def encrypt(document: str, config: CallbackConfig) -> str:
    """Encrypt one document in safe mode."""
    return str(_Crypto(base64.b64decode(config.aes_key + "=")).encrypt(document, config.appid).decode())


def sign(encrypted: str, config: CallbackConfig, nonce: str, timestamp: str) -> str:
    """The XML around an encrypted document, with its signature."""
    parts = sorted([config.token, timestamp, nonce, encrypted])
    signature = hashlib.sha1("".join(parts).encode(), usedforsecurity=False).hexdigest()
    return (
        f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt><MsgSignature><![CDATA[{signature}]]></MsgSignature>"
        f"<TimeStamp>{timestamp}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
    )

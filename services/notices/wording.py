"""Wording 通知文字: the words of each template version, and the linter that keeps them short, plain and free of links."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter

_FILE = Path(__file__).with_name("templates.toml")
SEGMENT, JOINED_SEGMENT = 70, 67
_LINK = re.compile(r"https?:|www\.|[a-z0-9-]+\.(com|cn|net|gov|top|xyz)|://", re.IGNORECASE)
_MONEY = frozenset({"amount", "balance", "owed", "card", "fund", "needed"})
LONGEST: Mapping[str, str] = {
    "date": "12月31日",
    "time": "12月31日23:59",
    "month": "2026年12月",
    "item": "偿还公积金贷款提取",
    "amount": "999999.99",
    "balance": "999999.99",
    "owed": "999999.99",
    "card": "999999.99",
    "fund": "999999.99",
    "needed": "999999.99",
    "label": "建设银行商业住房贷款每月",
    "short": "999999.99",
    "limit": "99999.99元",
    "who": "女儿小红",
    "card4": "0012",
    "phone4": "0012",
    "bank": "中国邮政储蓄银行",
    "usable_from": "12月31日23:59",
    "money_from": "12月31日23:59",
    "from": "12月31日",
    "due": "12月31日",
    "name": "异地贷款缴存使用证明",
    "number": "ZM302612310000001",
    "reason": "材料和登记信息对不上",
    "centre": "长沙市住房公积金管理中心",
    "title": "二十个字的标题二十个字的标题二十个字的标",
    "text": "新政策从下月起实行",
    "days": "15",
    "what": "偿还公积金贷款提取",
    "code": "000000",
    "minutes": "10",
}
"""The longest value that is plausible for each fill; a fill that is not here makes the linter speak."""


@dataclass(frozen=True, slots=True)
class Wording:
    """One version of one template."""

    template: str
    version: int
    title: str
    sms: str | None
    text: str
    wechat: str | None
    no_sms: str | None
    no_wechat: str | None

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels that have words for it."""
        return tuple(name for name, words in (("sms", self.sms), ("wechat", self.wechat)) if words)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Fills of the SMS in the provider's order."""
        return fills_of(self.sms or "")


def fills_of(words: str) -> tuple[str, ...]:
    """Names in braces, in order."""
    return tuple(name for _, name, _, _ in Formatter().parse(words) if name)


@cache
def wordings() -> Mapping[str, tuple[Wording, ...]]:
    """Every template with its versions, oldest first."""
    return read_wordings(_FILE.read_text("utf-8"))


def read_wordings(text: str) -> Mapping[str, tuple[Wording, ...]]:
    """Templates of a document; raises ValueError for versions that do not run 1, 2, 3 …"""
    made = {}
    for template, versions in tomllib.loads(text).items():
        if list(versions) != [f"v{number}" for number in range(1, len(versions) + 1)]:
            raise ValueError(f"{template}: versions must run v1, v2 …")
        made[template] = tuple(
            _wording(template, number, facts) for number, facts in enumerate(versions.values(), 1)
        )
    return made


def _wording(template: str, version: int, facts: Mapping[str, str]) -> Wording:
    sms = facts.get("sms")
    return Wording(
        template,
        version,
        facts["title"],
        sms,
        facts.get("text") or sms or "",
        facts.get("wechat"),
        facts.get("no_sms"),
        facts.get("no_wechat"),
    )


def current(template: str) -> Wording | None:
    """The version that is sent now."""
    found = wordings().get(template)
    return found[-1] if found else None


def of_version(template: str, version: int) -> Wording | None:
    """The words a notice of that version was sent with."""
    return next((w for w in wordings().get(template, ()) if w.version == version), None)


def consent_templates() -> frozenset[str]:
    """Names of the registered WeChat messages, which are what members consent to."""
    return frozenset(versions[-1].wechat for versions in wordings().values() if versions[-1].wechat)


def parts(characters: int) -> int:
    """SMS that are charged for a text of this length."""
    return 1 if characters <= SEGMENT else -(-characters // JOINED_SEGMENT)


def filled_sms(wording: Wording, fields: Mapping[str, str], sign: str) -> str:
    """The SMS as the phone shows it; fills that are missing stay empty (the channel refuses such a message)."""
    known = {name: fields.get(name, "") for name in wording.parameters}
    return f"【{sign}】{(wording.sms or '').format_map(known)}"


def lint(wording: Wording, topic: str, sign: str) -> Iterator[str]:
    """What is wrong with one version."""
    for channel, words, why in (
        ("sms", wording.sms, wording.no_sms),
        ("wechat", wording.wechat, wording.no_wechat),
    ):
        if not words and not why:
            yield f"no {channel} words, and no_{channel} does not say why"
    unknown = sorted({*wording.parameters, *fills_of(wording.text)} - set(LONGEST))
    if unknown:
        yield f"no longest value known for {', '.join(unknown)}"
    elif wording.sms:
        yield from _lint_sms(wording, topic, sign)


def _lint_sms(wording: Wording, topic: str, sign: str) -> Iterator[str]:
    longest = filled_sms(wording, LONGEST, sign)
    if len(longest) > SEGMENT:
        yield f"SMS of {len(longest)} characters, more than {SEGMENT}"
    if _LINK.search(wording.sms or ""):
        yield "a link in an SMS"
    if topic != "code" and not longest.endswith("12329"):
        yield "the SMS does not end with 12329"
    names = set(wording.parameters)
    if (topic == "settlement" or names & _MONEY) and not names & {"date", "due", "time"}:
        yield "money without its date"
    if names & _MONEY and not names & {"amount", "needed"}:
        yield "money without its amount"
    if topic == "settlement" and not names & {"card4", "owed", "centre"}:
        yield "money that does not say where it went or came from"

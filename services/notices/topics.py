"""Topics 通知类别: what a member can choose, and by which channels each goes; data in topics.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

CHANNELS = ("sms", "wechat")
CHANNEL_NAMES = {"sms": "短信", "wechat": "微信"}
_FILE = Path(__file__).with_name("topics.toml")


class TopicUnknown(Exception):
    """No such topic in topics.toml."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic and its rules."""

    code: str
    name: str
    about: str
    order: tuple[str, ...]
    route: Literal["all", "first"]
    locked: bool = False
    urgent: bool = False
    any_hour: bool = False
    hidden: bool = False
    off: frozenset[str] = frozenset()
    per_day: int | None = None

    def begins_on(self, channel: str) -> bool:
        """Whether a member who chose nothing gets it on this channel."""
        return channel in self.order and channel not in self.off


@cache
def topics() -> Mapping[str, Topic]:
    """Every topic by its code, in the order of the file."""
    document = tomllib.loads(_FILE.read_text("utf-8"))
    return {code: _topic(code, facts) for code, facts in document.items()}


def _topic(code: str, facts: Mapping[str, Any]) -> Topic:
    made = Topic(
        **{**facts, "code": code, "order": tuple(facts["order"]), "off": frozenset(facts.get("off", ()))}
    )
    if made.route not in ("all", "first") or not set(made.order) <= set(CHANNELS):
        raise ValueError(f"topics.toml: {code} has a route or a channel that does not exist")
    return made


def topic_of(code: str) -> Topic:
    """One topic; raises TopicUnknown."""
    try:
        return topics()[code]
    except KeyError:
        raise TopicUnknown(code) from None


def chosen_topics() -> list[Topic]:
    """Topics a member sees in the subscription centre."""
    return [topic for topic in topics().values() if not topic.hidden]


@dataclass(frozen=True, slots=True)
class Plan:
    """Channels that get an intent at once, and those to try after the first fails, in order."""

    now: tuple[str, ...]
    after: tuple[str, ...] = ()


def plan(topic: Topic, worded: Iterable[str], wanted: Iterable[str], reachable: Iterable[str]) -> Plan:
    """Which channels carry one event of a topic.

    `worded` are channels that have words for it, `wanted` those the member did not switch off, `reachable` those by
    which the member can be reached at all. When none can reach them, the first one wanted records that.
    """
    worded, wanted, reachable = set(worded), set(wanted), set(reachable)
    possible = tuple(c for c in topic.order if c in worded and (topic.locked or c in wanted))
    if topic.route == "all":
        return Plan(possible)
    working = tuple(channel for channel in possible if channel in reachable)
    return Plan(working[:1], working[1:]) if working else Plan(possible[:1])

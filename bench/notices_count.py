"""Count of the notices bench 通知压测的清点: the product's intents against what the providers put into inboxes."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text

from bench.notices_people import Case
from runtime.bootstrap import Product
from runtime.supervisor.system import System
from services.core.db import transaction

CHANNELS = ("sms", "wechat")
ENDS = ("delivered", "failed", "not_subscribed")


@dataclass
class Tally:
    """What came of it."""

    states: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    intents: int = 0
    duplicates: int = 0
    wrong: list[str] = field(default_factory=list)
    doubled_at_provider: int = 0
    received_but_failed: Counter[str] = field(default_factory=Counter)
    received: Counter[str] = field(default_factory=Counter)

    def lines(self) -> Iterator[str]:
        """What a person wants to read."""
        yield f"received at the providers {dict(self.received)}, twice {self.doubled_at_provider}"
        yield f"failed in our books though the phone has it {dict(self.received_but_failed)} (no receipt came, or it said failed)"
        yield f"why notices failed {dict(self.faults.most_common())}"
        for line in self.wrong[:20]:
            yield f"WRONG {line}"

    def summary(self, events: int, per_s: float) -> dict[str, Any]:
        """The last line."""
        return {
            "events": events,
            "intents": self.intents,
            **{state: self.states[state] for state in ENDS},
            "duplicates": self.duplicates,
            "wrong": len(self.wrong),
            "per_s": round(per_s, 1),
        }

    def clean(self, events: int) -> bool:
        """One intent for each event and channel, each ended, and nothing told that is not so."""
        ended = sum(self.states[state] for state in ENDS)
        return not self.wrong and not self.duplicates and self.intents == ended == 2 * events


def tally(system: System, product: Product, paid: list[Case], unpaid: list[Case]) -> Tally:
    """Count both sides."""
    found = Tally()
    inboxes = _received(system.home / "sandbox" / "sandbox.sqlite")
    for inbox in inboxes.values():
        found.doubled_at_provider += sum(count - 1 for count in inbox.values() if count > 1)
    rows = _intents(product)
    for case in paid:
        _count_paid(found, case, rows.get(case.account_id, []), inboxes)
    for case in unpaid:
        _count_unpaid(found, case, rows.get(case.account_id, []), inboxes)
    found.received = Counter({channel: sum(inboxes[channel].values()) for channel in CHANNELS})
    return found


def _intents(product: Product) -> dict[UUID, list[Any]]:
    rows: dict[UUID, list[Any]] = {}
    statement = text("SELECT account_id, channel, state, fault FROM notice_intent WHERE topic = 'settlement'")
    with transaction(product.sessions) as session:
        for row in session.execute(statement):
            rows.setdefault(row.account_id, []).append(row)
    return rows


def _received(path: Path) -> dict[str, Counter[str]]:
    store = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    counts: dict[str, Counter[str]] = {channel: Counter() for channel in CHANNELS}
    for (phone,) in store.execute("SELECT name FROM entry WHERE space = 'sms.inbox'"):
        counts["sms"][phone] += 1
    for openid, value in store.execute("SELECT name, value FROM entry WHERE space = 'wechat.chat'"):
        if json.loads(value).get("type") == "template":
            counts["wechat"][openid] += 1
    store.close()
    return counts


def _count_paid(found: Tally, case: Case, rows: Iterable[Any], inboxes: dict[str, Counter[str]]) -> None:
    by_channel = Counter(row.channel for row in rows)
    found.duplicates += sum(count - 1 for count in by_channel.values() if count > 1)
    if set(by_channel) != set(CHANNELS):
        found.wrong.append(f"{case.account_id} has intents on {sorted(by_channel)}")
    for row in rows:
        found.intents += 1
        found.states[row.state] += 1
        if row.state == "failed":
            found.faults[f"{row.channel} {row.fault}"] += 1
        _compare(found, case, row, inboxes)


def _compare(found: Tally, case: Case, row: Any, inboxes: dict[str, Counter[str]]) -> None:
    there = inboxes[row.channel][case.phone if row.channel == "sms" else case.openid]
    if row.state not in ENDS:
        found.wrong.append(f"{case.account_id} {row.channel} ends {row.state}")
    elif row.state == "delivered" and not there:
        found.wrong.append(f"{case.account_id} {row.channel} delivered, but nobody has it")
    elif row.state == "not_subscribed" and there:
        found.wrong.append(f"{case.account_id} {row.channel} not subscribed, but has it")
    elif row.state == "failed" and there:
        found.received_but_failed[f"{row.channel} {row.fault}"] += 1


def _count_unpaid(found: Tally, case: Case, rows: Iterable[Any], inboxes: dict[str, Counter[str]]) -> None:
    if inboxes["sms"][case.phone] or inboxes["wechat"][case.openid]:
        found.wrong.append(f"{case.account_id} was told of a payment that was not made")
    for row in rows:
        if row.state != "failed" or row.fault != "notice.not_true":
            found.wrong.append(f"{case.account_id} not paid, yet {row.channel} is {row.state} {row.fault}")

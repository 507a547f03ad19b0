"""Fates 命运: what the bank is to do wrong with each payment, drawn by weight; about half of them meet nothing."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests

from bench.faults.people import Case
from bench.phone import Sandbox


@dataclass(frozen=True, slots=True)
class Fate:
    """A fault of the node for one payment, and how often it is drawn."""

    weight: int
    kind: str | None
    params: dict[str, Any] = field(default_factory=dict)


FATES = (
    Fate(52, None),
    Fate(4, "no_answer"),
    Fate(3, "half_frame"),
    Fate(2, "garbage_answer", {"form": "payload"}),
    Fate(1, "garbage_answer", {"form": "head"}),
    Fate(4, "drop_connection_after"),
    Fate(2, "slow_answer", {"seconds": 1}),
    Fate(2, "slow_answer", {"seconds": 3}),
    Fate(4, "late_record", {"seconds": 4}),  # not found when asked, and paid afterwards
    Fate(2, "pending", {"seconds": 4}),
    Fate(1, "wrong_session_key"),
    Fate(5, "duplicate_notice", {"copies": 3}),
    Fate(3, "delayed_notice", {"seconds": 3}),
    Fate(3, "out_of_order", {"seconds": 3}),
    Fate(2, "lost_notice"),
    Fate(3, "reject"),
    Fate(2, "host_status_error"),
    Fate(2, "return_later", {"seconds": 2}),
    Fate(2, "return_later", {"days": 1}),
    Fate(1, "no_answer_not_processed"),
    Fate(1, "drop_connection_before"),
    Fate(1, "pending_forever"),
)
ROUND_FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "no_answer", "tx_code": "BDC110"},
    {"kind": "half_frame", "tx_code": "BDC113"},
    {"kind": "truncated_statement"},
    {"kind": "drop_connection_after", "tx_code": "SYS600"},
)
"""Each round one question of ours, whichever comes first, is answered badly."""
CHANNEL_FAULTS: tuple[dict[str, Any], ...] = (
    {"server": "sms", "on": "SendSms", "kind": "http_500", "args": {"odds": 0.03}},
    {"server": "sms", "on": "SendSms", "kind": "limit", "args": {"odds": 0.03}},
    {"server": "sms", "on": "delivery", "kind": "duplicate_receipt", "args": {"odds": 0.05}},
    {"server": "wechat", "on": "template/send", "kind": "errcode", "args": {"odds": 0.03, "errcode": -1}},
    {"server": "wechat", "on": "template/send", "kind": "lost_answer", "args": {"odds": 0.02}},
)


def drawn(source: random.Random) -> Fate:
    """One fate."""
    return source.choices(FATES, [fate.weight for fate in FATES])[0]


class Orders:
    """Tells the bank and the gateways what to do wrong."""

    def __init__(self, sandbox: Sandbox, source: random.Random) -> None:
        self._sandbox, self._source = sandbox, source
        self._strangers = 0

    def channels(self) -> None:
        """Gateways misbehave from now on."""
        for fault in CHANNEL_FAULTS:
            self._sandbox.post("/control/faults", {**fault, "times": "always"})

    def round(self, cases: list[Case]) -> dict[str, Fate]:
        """A fate for each case, by case number; one bad answer to each kind of question; a stranger's money."""
        fates = {case.case_no: drawn(self._source) for case in cases}
        for case_no, fate in fates.items():
            if fate.kind is not None:
                self._order({"kind": fate.kind, "match": {"case_no": case_no}, **fate.params})
        waiting = {(row["kind"], row["tx_code"]) for row in self._waiting()}
        for fault in ROUND_FAULTS:
            if (fault["kind"], fault.get("tx_code", "BDC113")) not in waiting:
                self._order(dict(fault))
        self._unknown_reference()
        return fates

    def down(self, seconds: float) -> None:
        """The node refuses connections for a while."""
        self._order({"kind": "node_down", "seconds": seconds})

    def _order(self, wish: dict[str, Any]) -> None:
        patiently(lambda: self._sandbox.post("/control/settlement/faults", wish))

    def _waiting(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = patiently(lambda: self._sandbox.get("/control/settlement/faults"))[
            "faults"
        ]
        return found

    def _unknown_reference(self) -> None:
        """A movement that bears a number of nobody."""
        self._strangers += 1
        wish = {"amount_fen": 100, "account_no": "6217990000000000000", "name": "陌生人", "summary": "转账"}
        wish |= {"remark": f"99990101{self._strangers:07d}"}
        patiently(lambda: self._sandbox.post("/control/settlement/credit", wish))


def patiently(call: Callable[[], Any], patience_s: float = 60.0) -> Any:
    """Call the outside world's control until it answers: it may just have been killed."""
    until = time.monotonic() + patience_s
    while True:
        try:
            return call()
        except requests.ConnectionError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)

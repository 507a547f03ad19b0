"""Messages 短信: the operator's network of the sandbox, with an inbox for every number and receipts."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox.faults import Fault
from sandbox.sms.lines import Line
from sandbox.sms.receipts import Receipts
from sandbox.world import World

TEMPLATES_FILE = Path(__file__).with_name("templates.toml")
RECEIPT_DELAY_S = 0.3


class Network:
    """Accepts messages, puts them in inboxes and reports their delivery."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.templates: dict[str, dict[str, Any]] = tomllib.loads(TEMPLATES_FILE.read_text("utf-8"))
        self.receipts = Receipts(self._deliver, self.receipt_url, self._lost)

    def render(self, template_id: str, params: list[str]) -> str | None:
        """The message text, or None when template and parameters do not fit."""
        text: str | None = self.templates.get(template_id, {}).get("text")
        if text is None or len(set(re.findall(r"\{\d\}", text))) != len(params):
            return None
        for number, value in enumerate(params, 1):
            text = text.replace(f"{{{number}}}", value)
        return text

    def accept(
        self, line: Line, phone: str, sign: str, template_id: str, params: list[str], session: str
    ) -> str:
        """Take one message of a provider; returns its number. Delivery and receipt follow by themselves."""
        now = self.world.now()
        message = {
            "sid": line.number(now),
            "provider": line.path,
            "phone": phone,
            "text": f"【{sign}】{self.render(template_id, params)}",
            "template_id": template_id,
            "template": self.templates[template_id]["name"],
            "params": params,
            "session_context": session,
            "sent_at": now.isoformat(timespec="seconds"),
        }
        fault = self.world.faults.take(
            line.server,
            "delivery",
            phone,
            kinds=("undelivered", "duplicate_receipt", "no_receipt", "late_receipt"),
        )
        if fault is None or fault.kind != "undelivered":
            self.world.store.append("sms.inbox", phone, message)
        self.world.store.append("sms.taken", phone, message)
        self.receipts.later(line, self._delay(fault), message, fault.kind if fault else "")
        return str(message["sid"])

    @staticmethod
    def _delay(fault: Fault | None) -> float:
        if fault is not None and fault.kind == "late_receipt":
            return float(fault.args.get("seconds", 10))
        return RECEIPT_DELAY_S

    def _deliver(self, line: Line, messages: Sequence[dict[str, Any]], fault: str) -> list[list[Any]]:
        """Note the deliveries, and say what the provider pushes of them."""
        delivered, at = fault != "undelivered", self.world.now()
        for message in messages:
            self._note(line, message, delivered, at)
        pushes = {"no_receipt": 0, "duplicate_receipt": 2}.get(fault, 1)
        return [[line.report(message, delivered, at) for message in messages]] * pushes

    def _note(self, line: Line, message: dict[str, Any], delivered: bool, at: datetime) -> None:
        self.world.store.append(
            "sms.report",
            message["phone"],
            {
                "provider": line.path,
                "sid": message["sid"],
                "session_context": message["session_context"],
                "delivered": delivered,
                "at": at.isoformat(timespec="seconds"),
            },
        )

    def _lost(self, line: Line, report: str) -> None:
        self.world.saw(line.server, {"method": "PUSH", "path": "receipt", "body": report, "status": 0})

    def reports(self, line: Line, phone: str) -> list[dict[str, Any]]:
        """What a provider knows of the delivery of its messages to a number, oldest first."""
        return [r for r in self.world.store.entries("sms.report", phone) if r["provider"] == line.path]

    def taken(self, line: Line, phone: str) -> list[dict[str, Any]]:
        """Messages to a number that a provider took, oldest first."""
        return [m for m in self.world.store.entries("sms.taken", phone) if m["provider"] == line.path]

    def receipt_url(self, line: Line) -> str:
        """Where the product wants a provider's receipts."""
        secret = self.world.setup.settings[line.server]["receipt_path_secret"]
        return f"{self.world.setup.public_base_url}/webhooks/sms/{line.path}/{secret}"

    def inbox(self, phone: str, after: int = 0) -> list[dict[str, Any]]:
        """Messages a number received, oldest first."""
        return self.world.store.entries("sms.inbox", phone, after=after)

    def stop(self) -> None:
        """Forget receipts that are still to come."""
        self.receipts.stop()

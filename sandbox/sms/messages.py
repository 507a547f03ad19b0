"""Messages 短信: the operator's network of the sandbox, with an inbox for every number and receipts."""

from __future__ import annotations

import re
import threading
import tomllib
import uuid
from datetime import datetime
from pathlib import Path
from typing import Any

import requests

from sandbox.faults import Fault
from sandbox.world import CHINA, World

TEMPLATES_FILE = Path(__file__).with_name("templates.toml")
RECEIPT_DELAY_S = 0.3
RECEIPT_TRIES = 3


class Network:
    """Accepts messages, puts them in inboxes and reports their delivery."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.templates: dict[str, dict[str, str]] = tomllib.loads(TEMPLATES_FILE.read_text("utf-8"))
        self._timers: set[threading.Timer] = set()
        self._ended = threading.Event()

    def render(self, template_id: str, params: list[str]) -> str | None:
        """The message text, or None when template and parameters do not fit."""
        text = self.templates.get(template_id, {}).get("text")
        if text is None or len(set(re.findall(r"\{\d\}", text))) != len(params):
            return None
        for number, value in enumerate(params, 1):
            text = text.replace(f"{{{number}}}", value)
        return text

    def accept(self, phone: str, sign: str, template_id: str, params: list[str], session: str) -> str:
        """Take one message; returns its serial number. Delivery and receipt follow by themselves."""
        serial = f"2640:{uuid.uuid4().int % 10**20:020d}"
        message = {
            "sid": serial,
            "phone": phone,
            "text": f"【{sign}】{self.render(template_id, params)}",
            "template_id": template_id,
            "template": self.templates[template_id]["name"],
            "params": params,
            "session_context": session,
            "sent_at": self.world.now().isoformat(timespec="seconds"),
        }
        fault = self.world.faults.take(
            "sms", "delivery", phone, kinds=("undelivered", "duplicate_receipt", "no_receipt", "late_receipt")
        )
        if fault is None or fault.kind != "undelivered":
            self.world.store.append("sms.inbox", phone, message)
        self._later(self._delay(fault), message, fault.kind if fault else "")
        return serial

    @staticmethod
    def _delay(fault: Fault | None) -> float:
        if fault is not None and fault.kind == "late_receipt":
            return float(fault.args.get("seconds", 10))
        return RECEIPT_DELAY_S

    def _later(self, delay_s: float, message: dict[str, Any], fault: str) -> None:
        def run() -> None:
            self._timers.discard(timer)
            if self._ended.is_set():
                return
            self.deliver(message, fault)

        timer = threading.Timer(delay_s, run)
        timer.daemon = True
        self._timers.add(timer)
        timer.start()

    def deliver(self, message: dict[str, Any], fault: str = "") -> None:
        """Note the delivery and push the receipt."""
        report = self._report(message, delivered=fault != "undelivered")
        self.world.store.append(
            "sms.report", message["phone"], {**report, "session_context": message["session_context"]}
        )
        if fault == "no_receipt":
            return
        for _ in range(2 if fault == "duplicate_receipt" else 1):
            self._push([report])

    def _report(self, message: dict[str, Any], *, delivered: bool) -> dict[str, str]:
        return {
            "user_receive_time": datetime.fromtimestamp(self.world.time(), CHINA).strftime(
                "%Y-%m-%d %H:%M:%S"
            ),
            "nationcode": "86",
            "mobile": message["phone"],
            "report_status": "SUCCESS" if delivered else "FAIL",
            "errmsg": "DELIVRD" if delivered else "MK:0001",
            "description": "用户短信送达成功" if delivered else "空号",
            "sid": message["sid"],
        }

    @property
    def receipt_url(self) -> str:
        """Where the product wants its receipts."""
        secret = self.world.setup.settings["sms"]["receipt_path_secret"]
        return f"{self.world.setup.public_base_url}/webhooks/sms/tencent/{secret}"

    def _push(self, reports: list[dict[str, str]]) -> bool:
        for attempt in range(RECEIPT_TRIES):
            try:
                answer = requests.post(self.receipt_url, json=reports, timeout=5, allow_redirects=False)
                if answer.ok and answer.json().get("result") == 0:
                    return True
            except (requests.RequestException, ValueError):
                pass
            if self._ended.wait(attempt):
                return False
        self.world.saw("sms", {"method": "PUSH", "path": "receipt", "body": str(reports), "status": 0})
        return False

    def inbox(self, phone: str, after: int = 0) -> list[dict[str, Any]]:
        """Messages a number received, oldest first."""
        return self.world.store.entries("sms.inbox", phone, after=after)

    def stop(self) -> None:
        """Forget receipts that are still to come."""
        self._ended.set()
        for timer in list(self._timers):
            timer.cancel()

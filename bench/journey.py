"""The main job once, from outside 主流程: bind, ask, scan a face, be paid, be told. `make journey`.

Starts what it needs on free ports in a folder of its own; the last line is one JSON object.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bench.phone import Phone, Sandbox
from runtime.supervisor.ports import Ports
from runtime.supervisor.system import System
from services.core.db import make_engine, make_sessions, transaction
from services.ledger.models import Posting

KEY, AMOUNT_FEN = "zhang", 300_000


def ride(phone: Phone, person: dict[str, Any], say: Any = print) -> dict[str, Any]:
    """Do the whole journey on one phone; returns what was seen."""
    phone.follow()
    phone.sign_in()
    say(f"bound to {phone.bind(person)['display_name']}")
    home = phone.call("GET", "/home")
    say(f"home: balance {home['account']['balance_fen']} fen, {len(home['items'])} items")
    phone.consent("data_sharing", item_code="rent-withdrawal")
    quote = phone.call("POST", "/items/rent-withdrawal/quote", {})
    say(f"quote: {quote['headline']}")
    card = next(card for card in quote["cards"] if card["usable"])
    application = phone.apply("rent-withdrawal", {"amount_fen": AMOUNT_FEN, "card_id": card["card_id"]})
    say(f"applied: case {application['case_no']}, next {application['next_step']}")
    face = phone.scan_face(application["application_id"], person["portrait"])
    passed_at = time.monotonic()
    say(f"face: {face['state']}")
    if face["state"] != "passed":
        raise RuntimeError(f"the face was refused: {[reason['code'] for reason in face['reasons']]}")
    phone.confirm(application["application_id"], face["session_id"])
    paid = phone.wait_for(application["application_id"], {"paid", "returned"})
    seconds = time.monotonic() - passed_at
    say(f"payment: {paid['state']} after {seconds:.2f} s")
    notices = wait_for_notices(phone, application["application_id"])
    return {"paid": paid["state"] == "paid", **notices, "seconds_face_to_paid": round(seconds, 3)}


def wait_for_notices(phone: Phone, application_id: str, timeout_s: float = 15) -> dict[str, int]:
    """Settlement notices of this case that arrived in the sandbox's inboxes."""
    until = time.monotonic() + timeout_s
    counts = {"sms": 0, "wechat": 0}
    while time.monotonic() < until and 0 in counts.values():
        sent = phone.call("GET", "/notices")["notices"]
        ours = [n for n in sent if n["application_id"] == application_id and n["topic"] == "settlement"]
        counts = {
            c: sum(n["channel"] == c and n["state"] in ("submitted", "delivered") for n in ours)
            for c in counts
        }
        time.sleep(0.1)
    inbox = [m for m in phone.sandbox.sms(phone.key) if m.get("template") == "settlement_paid"]
    cards = [
        m
        for m in phone.sandbox.wechat(phone.key)
        if m.get("type") == "template" and "3000.00" in json.dumps(m)
    ]
    return {"sms": min(counts["sms"], len(inbox)), "wechat": min(counts["wechat"], len(cards))}


def ledger_sum(database_url: str) -> int:
    """Sum of every posting; zero when the books balance."""
    with transaction(make_sessions(make_engine(database_url, pool_size=1))) as session:
        return int(session.scalar(select(func.coalesce(func.sum(Posting.fen), 0))) or 0)


def main() -> int:
    """Start a system, ride, report."""
    with tempfile.TemporaryDirectory(prefix="anju-journey-") as folder:
        Path(folder).chmod(0o755)
        system = System(Path(folder), Ports.free())
        system.start()
        try:
            sandbox = Sandbox(system.ports.url("phone"))
            phone = Phone(system.ports.url("web"), sandbox, KEY)
            result = ride(phone, sandbox.members()[KEY])
            result["ledger_sum_fen"] = ledger_sum(system.urls.app)
        finally:
            system.stop()
    print(json.dumps(result))
    right = result["paid"] and result["sms"] == 1 and result["wechat"] == 1 and result["ledger_sum_fen"] == 0
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())

"""Cases for the pages 页面用办件: members made for one run, each with an application in a state worth looking at."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from bench.people import person
from bench.phone import Phone, Sandbox

RENT = "rent-withdrawal"
_NAMES = {
    "paid": "何桂芳",
    "verifying": "林志远",
    "waiting": "郭秀兰",
    "returned": "唐建国",
    "frozen": "董小燕",
    "fresh": "蒋文静",
    "facing": "沈立群",
}
_FIRST = 95_100
_ENDED = {"paid", "returned"}
Found = dict[str, str]


class Cases:
    """Makes what a page needs when it is first asked for."""

    def __init__(self, web: str, sandbox: Sandbox) -> None:
        self._web, self._sandbox = web, sandbox
        self._made: dict[str, Found] = {}

    def ready(self, who: str) -> Found:
        """Ids for the places of one member; a demo member has none."""
        if not who.startswith("case-"):
            return {}
        if who not in self._made:
            self._made[who] = self._make(who.removeprefix("case-"))
        return self._made[who]

    def _make(self, name: str) -> Found:
        phone = self._phone(name)
        if name == "fresh":
            return {}
        given: Callable[[Phone, dict[str, Any]], Found] = {
            "paid": self._paid,
            "verifying": self._verifying,
            "facing": self._verifying,
            "waiting": self._waiting,
            "returned": self._returned,
            "frozen": lambda _phone, _application: {},
        }[name]
        application = self._applied(phone)
        return {name: application["application_id"], **given(phone, application)}

    def _phone(self, name: str) -> Phone:
        number = _FIRST + list(_NAMES).index(name)
        someone = person(number, months=28, base_fen=1_000_000) | {
            "key": f"case-{name}",
            "name": _NAMES[name],
            "employer": "株洲千里机车有限公司",
        }
        if name == "frozen":
            someone["cards"][0]["status"] = "frozen"
        self._sandbox.post("/control/members", someone)
        phone = Phone(self._web, self._sandbox, someone["key"])
        phone.follow()
        phone.sign_in()
        phone.bind(someone)
        return phone

    def _applied(self, phone: Phone) -> dict[str, Any]:
        phone.consent("data_sharing", item_code=RENT)
        card = phone.call("POST", f"/items/{RENT}/quote", {})["cards"][0]
        return phone.apply(RENT, {"amount_fen": 300_000, "card_id": card["card_id"]})

    def _helping(self, phone: Phone) -> str:
        """Whose payment waits lets a relative follow it."""
        self.ready("case-waiting")
        principal = Phone(self._web, self._sandbox, "case-waiting")
        principal.sign_in()
        invited = principal.call("POST", "/relatives", {"label": "儿子"})
        links = phone.call("POST", "/relatives/accept", {"code": invited["code"]})
        return str(links["helped"][0]["link_id"])

    def _verifying(self, phone: Phone, application: dict[str, Any]) -> Found:
        return {"consent": phone.consent("face", application_id=application["application_id"])}

    def _paid(self, phone: Phone, application: dict[str, Any]) -> Found:
        self._through(phone, application["application_id"])
        code = "contribution-certificate"
        made = phone.apply(code, self._certificate_form(phone, code))
        if made["next_step"] == "face":
            self._through(phone, made["application_id"], {"completed"})
        return {"certificate": made["application_id"], "helped": self._helping(phone)}

    @staticmethod
    def _certificate_form(phone: Phone, code: str) -> dict[str, Any]:
        fields = phone.call("GET", f"/items/{code}")["form_schema"].get("properties", {})
        return {name: field["enum"][0] for name, field in fields.items() if field.get("enum")}

    def _returned(self, phone: Phone, application: dict[str, Any]) -> Found:
        self._sandbox.post("/control/settlement/faults", {"kind": "reject", "count": 1})
        self._through(phone, application["application_id"])
        return {}

    def _waiting(self, phone: Phone, application: dict[str, Any]) -> Found:
        own = application["application_id"]
        asked = phone.call("POST", f"/applications/{own}/card-sms", {})
        body = {"challenge_id": asked["challenge_id"], "code": self._code(phone)}
        key = f"{phone.key}-card-sms-0001"
        phone.call("POST", f"/applications/{own}/card-sms/confirm", body, **{"Idempotency-Key": key})
        return {}

    @staticmethod
    def _through(phone: Phone, application_id: str, ends: set[str] | None = None) -> None:
        """A face, three tries at most on a busy machine, and the end that comes of it."""
        for _ in range(3):
            verdict = phone.scan_face(application_id, "obama")
            if verdict["state"] == "passed":
                phone.confirm(application_id, verdict["session_id"])
                phone.wait_for(application_id, ends or _ENDED)
                return
        raise RuntimeError(f"the face was refused: {verdict['reasons']}")

    @staticmethod
    def _code(phone: Phone, timeout_s: float = 20) -> str:
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            texts = [m for m in phone.sandbox.sms(phone.key) if m.get("template") == "operation_code"]
            if texts:
                return str(texts[-1]["params"][1])
            time.sleep(0.1)
        raise TimeoutError("no code came")

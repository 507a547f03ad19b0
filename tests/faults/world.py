"""The whole real system with its outside world, and what a fault test asks of both."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import requests
from sqlalchemy import select

from bench.people import person
from bench.phone import ApiProblem, Phone, Sandbox
from bench.prepare import BoundMember, Preparer, product_of
from runtime.cli.invariants import count_violations
from runtime.supervisor.system import System
from services.applications.models import Application
from services.core.db import transaction
from services.ledger.models import Journal, MemberBalance
from services.members.binding import DeviceKey
from services.notices.models import NoticeIntent
from services.settlement.models import PaymentInstruction

AMOUNT_FEN = 300_000
ENDED = {"paid", "returned"}
RETRY_S = 60.0


@dataclass(slots=True)
class Member:
    """A bound member and their phone."""

    phone: Phone
    bound: BoundMember
    person: dict[str, Any]


@dataclass(slots=True)
class Case:
    """A withdrawal of one member, ready to confirm or further."""

    member: Member
    application_id: str
    face_session_id: str
    case_no: str
    key: str

    @property
    def phone(self) -> Phone:
        """The member's phone."""
        return self.member.phone


class World:
    """One running system for many tests; every case has a member of its own."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.sandbox = Sandbox(system.ports.url("phone"))
        self.product = product_of(system)
        self.preparer = Preparer(self.product)
        self._numbers = itertools.count(1)
        self._making = threading.Lock()

    # people and cases

    def member(self, portrait: str = "obama") -> Member:
        """A new person: in the registries, taken over by the centre, following, bound and signed in."""
        with self._making:
            record = person(next(self._numbers), portrait=portrait)
            shown = self.sandbox.post("/control/members", record | {"import": False})
            phone = Phone(self.system.ports.url("web"), Sandbox(self.sandbox.url), record["key"])
            phone.follow()
            point = phone.device.public_key().public_numbers()
            device = DeviceKey(point.x.to_bytes(32), point.y.to_bytes(32))
            bound = self.preparer.member(record, shown["openid"], device)
        phone.tokens = dict(bound.tokens)
        return Member(phone, bound, record)

    def application(self, member: Member) -> str:
        """An application that waits for the face."""
        return str(self.preparer.application(member.bound, AMOUNT_FEN))

    def ready(self) -> Case:
        """A new member's application with a passed face session, so that only the confirmation is left."""
        return self.ready_for(self.member())

    def ready_for(self, member: Member) -> Case:
        """The same for a member who is there already."""
        application_id, face_id = self.preparer.ready(member.bound, AMOUNT_FEN)
        with transaction(self.product.sessions) as session:
            case_no = session.get_one(Application, (member.bound.account_id, application_id)).case_no
        return Case(member, str(application_id), str(face_id), case_no, f"fault-test-{case_no}")

    def confirm(self, case: Case) -> dict[str, Any]:
        """Confirm; a phone that gets no proper answer repeats the same request."""
        return self.persist(lambda: case.phone.confirm(case.application_id, case.face_session_id, case.key))

    @staticmethod
    def persist(call: Callable[[], Any], timeout_s: float = RETRY_S) -> Any:
        """Repeat a call until it is answered with something else than "busy" or a broken line."""
        until = time.monotonic() + timeout_s
        while True:
            try:
                return call()
            except requests.RequestException as fault:
                if time.monotonic() > until:
                    raise TimeoutError("no answer") from fault
            except ApiProblem as problem:
                again = problem.status >= 500 or problem.code == "idempotency.in_progress"
                if not again or time.monotonic() > until:
                    raise
            time.sleep(0.2)

    # faults

    def order(self, case: Case, kind: str, **more: Any) -> None:
        """Order a fault of the settlement node for this case."""
        body = {"kind": kind, "match": {"case_no": case.case_no}, **more}
        self.sandbox.post("/control/settlement/faults", body)

    def order_outside(self, server: str, on: str, kind: str, *, of: Case | None = None, **args: Any) -> None:
        """Order a fault of WeChat, SMS or data sharing, for one case's member or for whoever comes next."""
        person = {"person": of.phone.key} if of else {}
        self.sandbox.post(
            "/control/faults", {"server": server, "on": on, "kind": kind, "args": args, **person}
        )

    def cut_off(self) -> None:
        """Let the bank close its day now."""
        self.sandbox.post("/control/settlement/cutoff")

    # what became of it

    def state(self, case: Case) -> str:
        """The case's state in the database."""
        with transaction(self.product.sessions) as session:
            return session.get_one(Application, self._application_key(case)).state

    def instruction_state(self, case: Case) -> str | None:
        """The payment instruction's state, if there is one."""
        statement = select(PaymentInstruction.state).where(PaymentInstruction.instruction_no == case.case_no)
        with transaction(self.product.sessions) as session:
            return session.scalar(statement)

    def intent_states(self, case: Case) -> dict[tuple[str, str], list[str]]:
        """States of the case's notice intents by (template, channel)."""
        statement = select(NoticeIntent).where(NoticeIntent.subject_id == case.application_id)
        found: dict[tuple[str, str], list[str]] = {}
        with transaction(self.product.sessions) as session:
            for intent in session.scalars(statement):
                found.setdefault((intent.template, intent.channel), []).append(intent.state)
        return found

    def journals(self, case: Case) -> list[str]:
        """Kinds of the case's journals, in order."""
        statement = select(Journal.kind).where(
            Journal.account_id == case.member.bound.account_id,
            Journal.business_ref.like(f"withdrawal:{case.application_id}:%"),
        )
        with transaction(self.product.sessions) as session:
            return list(session.scalars(statement.order_by(Journal.created_at, Journal.journal_id)))

    def balance(self, member: Member) -> tuple[int, int]:
        """Balance and held amount in fen."""
        with transaction(self.product.sessions) as session:
            row = session.get_one(MemberBalance, member.bound.account_id)
            return row.balance_fen, row.held_fen

    def bank(self, case: Case) -> dict[str, int]:
        """Debits and returns of the case at the bank."""
        rows = self.sandbox.payments(case.case_no)["payments"]
        return {name: sum(row[name] for row in rows) for name in ("debits", "returns")}

    def received(self, case: Case) -> Counter[tuple[str, str]]:
        """Settlement messages that reached the member's phone, by (template, channel)."""
        key = case.phone.key
        sms = [("sms", entry.get("template")) for entry in self.sandbox.sms(key)]
        cards = [
            ("wechat", entry.get("template"))
            for entry in self.sandbox.wechat(key)
            if entry.get("type") == "template"
        ]
        return Counter(
            (str(template), channel) for channel, template in (*sms, *cards) if "settlement" in str(template)
        )

    def violations(self) -> dict[str, int]:
        """Invariants that do not hold."""
        return {name: count for name, count in count_violations(self.product.sessions).items() if count}

    @staticmethod
    def _application_key(case: Case) -> tuple[UUID, UUID]:
        return case.member.bound.account_id, UUID(case.application_id)


def until(holds: Callable[[], Any], timeout_s: float, what: str) -> Any:
    """Wait until `holds()` is true; gives what it returned."""
    give_up = time.monotonic() + timeout_s
    while True:
        found = holds()
        if found:
            return found
        if time.monotonic() > give_up:
            raise AssertionError(f"{what}: not within {timeout_s:.0f} s")
        time.sleep(0.1)

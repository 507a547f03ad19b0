"""The product over a real database, with small fakes at its ports; for tests that commit."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.factory import create_app
from app.http.auth import issue
from config.settings import ROOT
from runtime.bootstrap import Product, build
from runtime.cli.invariants import count_violations
from runtime.cli.members import import_members
from runtime.duties import jobs_of
from services.applications.models import Application
from services.core.clock import SHANGHAI, FixedClock
from services.core.db import transaction
from services.core.ids import new_id
from services.datasharing.service import DataSharing
from services.face.engine.types import Verdict
from services.face.models import FaceSession
from services.face.service import Operation
from services.items.engine import Prepared
from services.members.binding import DeviceKey, bind
from services.members.consents import TEXTS, grant
from services.members.identity import find_by_id_no
from services.members.sessions import start
from services.policies.service import seed_policies
from tests.support.databases import Database
from tests.support.domain.fakes import FakeChannel, FakeJudge, FakeNode, FakeOAuth, FakeSharing
from tests.support.domain.persons import Person

START = datetime(2026, 11, 23, 10, 0, tzinfo=SHANGHAI)
"""A Monday morning; 2026-10 is the last month contributed."""
PASSED = Verdict(True, (), {"match": 0.9}, {"matcher": "fake"}, ())
_addresses = itertools.count(1)
_keys = itertools.count(1)


def idempotency() -> dict[str, str]:
    """A fresh Idempotency-Key header."""
    return {"Idempotency-Key": f"test-key-{next(_keys):012d}"}


@dataclass
class Member:
    """A bound member of the world, and their phone."""

    person: Person
    account_id: UUID
    card_id: UUID
    session_id: UUID
    key: ec.EllipticCurvePrivateKey = field(repr=False)
    tokens: Mapping[str, Any] = field(repr=False)

    @property
    def bearer(self) -> dict[str, str]:
        """The header that says who is calling."""
        return {"Authorization": f"Bearer {self.tokens['access_token']}"}


class World:
    """One database, one product, one web application; members are made as tests need them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = FixedClock(START)
        self.sharing = FakeSharing()
        self.node = FakeNode()
        self.oauth = FakeOAuth()
        self.judge = FakeJudge()
        self.channels = {"sms": FakeChannel("sms"), "wechat": FakeChannel("wechat")}
        self.product = self._wire(database)
        self.sessions = self.product.sessions
        self.cipher = self.product.cipher
        self._app: Flask | None = None
        self._told: dict[str, int] = {}
        with transaction(self.sessions) as session:
            seed_policies(session, ROOT / "config" / "policies")

    def _wire(self, database: Database) -> Product:
        product = build(database.settings())
        made = product.__dict__
        made["clock"] = self.clock
        made["sessions"] = database.sessions
        made["channels"] = self.channels
        made["judge"] = self.judge
        made["sharing"] = DataSharing(product.sessions, self.clock, product.cipher, self.sharing)
        product.settlement_jobs._node = self.node
        product.deduction_jobs._node = self.node
        return product

    def reset(self) -> None:
        """Clock and fakes as at the start; rows stay."""
        self.clock._at = FixedClock(START).now()
        self.sharing.reset()
        self.oauth.codes.clear()
        self.judge.__init__()  # type: ignore[misc]
        self.node.__init__()  # type: ignore[misc]
        self.product.settlement_jobs.statements.forget()
        for channel in self.channels.values():
            channel.reset()

    @property
    def app(self) -> Flask:
        """The member zone, made when first asked for."""
        if self._app is None:
            self._app = create_app(replace(self.product.ports(), oauth=self.oauth))  # type: ignore[arg-type]
        return self._app

    def client(self) -> FlaskClient:
        """A browser of its own at an address of its own."""
        client = self.app.test_client()
        number = next(_addresses)
        client.environ_base["REMOTE_ADDR"] = f"10.{number // 65536}.{number // 256 % 256}.{number % 256}"
        return client

    def wechat_code(self, openid: str) -> str:
        """A fresh code of WeChat for a user."""
        code = f"code-{next(_keys)}"
        self.oauth.codes[code] = openid
        return code

    def enrol(
        self,
        person: Person | None = None,
        *,
        months: int = 28,
        base_fen: int = 1_000_000,
        bank: str = "105000",
        **more: Any,
    ) -> tuple[Person, UUID]:
        """A member with contributions, not bound yet. 28 months of 2,000.00 make 56,000.00."""
        person = person or Person()
        record = person.record(months=months, base_fen=base_fen, bank_code=bank)
        import_members(self.product, [{**record, **more}])
        with transaction(self.sessions) as session:
            row = find_by_id_no(session, self.cipher, person.id_no)
            assert row is not None
            return person, row.account_id

    def member(self, person: Person | None = None, **record: Any) -> Member:
        """A member bound to a WeChat user and a phone, signed in."""
        person, account_id = self.enrol(person, **record)
        key = ec.generate_private_key(ec.SECP256R1())
        with transaction(self.sessions) as session:
            bind(session, self.cipher, account_id, person.openid, "h5", public_point(key), self.clock.now())
            card_id = session.scalar(
                text("SELECT card_id FROM payee_card WHERE account_id = :a"), {"a": account_id}
            )
        session_id, tokens = self.sign_in(person)
        return Member(person, account_id, card_id, session_id, key, tokens)

    def sign_in(self, person: Person) -> tuple[UUID, Mapping[str, Any]]:
        """A new session of the person's WeChat user, and its tokens."""
        with transaction(self.sessions) as session:
            row = start(session, self.cipher, person.openid, "h5", self.clock.now())
        with self.app.app_context():
            return row.session_id, issue(row)

    def consent(self, member: Member, kind: str = "data_sharing") -> UUID:
        """The member agrees to the present words."""
        with transaction(self.sessions) as session:
            version = TEXTS[kind].version
            return grant(session, member.account_id, kind, version, None, self.clock.now()).consent_id

    def submit(self, member: Member, amount_fen: int = 300_000, item: str = "rent-withdrawal") -> Application:
        """A rent withdrawal of 3,000.00, waiting for the face."""
        self.consent(member)
        prepared = self.prepare(member, {"amount_fen": amount_fen, "card_id": str(member.card_id)}, item)
        with transaction(self.sessions) as session:
            return self.product.engine.submit(session, member.account_id, prepared)

    def prepare(self, member: Member, form: Mapping[str, Any], item: str = "rent-withdrawal") -> Prepared:
        """The form with the facts others gave."""
        declared = self.product.engine.registry.get(item)
        return self.product.engine.prepare(member.account_id, declared, declared.form.model_validate(form))

    def passed_face(self, member: Member, application: Application) -> UUID:
        """A face session for this application that the judge has passed."""
        consent_id = self.consent(member, "face")
        with transaction(self.sessions) as session:
            engine = self.product.engine
            operation = engine.operation(session, member.account_id, application.application_id)
            return self._passed(session, operation, consent_id)

    def _passed(self, session: Session, operation: Operation, consent_id: UUID) -> UUID:
        faces = self.product.faces
        row, _ = faces.open(session, operation, consent_id, self.product.engine.policy(session))
        row.state, row.completed_at = "judging", self.clock.now()
        session.flush()
        faces.conclude(session, operation.account_id, row.session_id, PASSED, [new_id().bytes * 2], 5)
        return row.session_id

    def confirm(self, member: Member, application: Application, face: UUID | None = None) -> Application:
        """The member's confirmation, with a face session of its own when none is given."""
        face = face or self.passed_face(member, application)
        with transaction(self.sessions) as session:
            return self.product.engine.confirm(session, member.account_id, application.application_id, face)

    def approved(self, member: Member, amount_fen: int = 300_000) -> Application:
        """A withdrawal whose money is on hold and whose payment is ready to go."""
        return self.confirm(member, self.submit(member, amount_fen))

    def run_jobs(self, account_id: UUID, *names: str, rounds: int = 20) -> list[str]:
        """Run the account's waiting jobs, whatever their time, until none is left; returns their names."""
        handlers = {
            job.name: job.run for job in jobs_of(self.product, ("settlement", "notices", "default", "face"))
        }
        ran: list[str] = []
        for _ in range(rounds):
            taken = self._take_jobs(account_id, names)
            if not taken:
                return ran
            for name, args in taken:
                ran.append(name)
                handlers[name](**args)
        return ran

    def _take_jobs(self, account_id: UUID, names: tuple[str, ...]) -> list[tuple[str, dict[str, Any]]]:
        statement = text(
            "DELETE FROM procrastinate_jobs WHERE args->>'account_id' = :account_id AND status = 'todo'"
            " AND (cardinality(CAST(:names AS text[])) = 0 OR task_name = ANY(CAST(:names AS text[])))"
            " RETURNING id, task_name, args"
        )
        with transaction(self.sessions) as session:
            rows = session.execute(statement, {"account_id": str(account_id), "names": list(names)}).all()
        return [(row.task_name, row.args) for row in sorted(rows, key=lambda row: row.id)]

    def waiting_jobs(self, account_id: UUID) -> list[str]:
        """Names of the account's jobs that wait."""
        statement = text(
            "SELECT task_name FROM procrastinate_jobs WHERE args->>'account_id' = :a AND status = 'todo' ORDER BY id"
        )
        with transaction(self.sessions) as session:
            return list(session.scalars(statement, {"a": str(account_id)}))

    def one(self, statement: str, **values: Any) -> Any:
        """The single row of a query."""
        with transaction(self.sessions) as session:
            return session.execute(text(statement), values).one()

    def state(self, application: Application) -> tuple[str, str]:
        """States of a case and of its payment instruction."""
        row = self.one(
            "SELECT a.state, i.state AS paid FROM application a LEFT JOIN payment_instruction i"
            " USING (account_id, application_id) WHERE application_id = :id",
            id=application.application_id,
        )
        return row.state, row.paid

    def balance(self, member: Member) -> tuple[int, int]:
        """Fund after holds and what is held, in fen."""
        row = self.one(
            "SELECT balance_fen, held_fen FROM member_balance WHERE account_id = :a", a=member.account_id
        )
        return row.balance_fen, row.held_fen

    def face_session(self, member: Member, session_id: UUID) -> FaceSession:
        """A face session as it stands."""
        with transaction(self.sessions) as session:
            return session.get_one(FaceSession, (member.account_id, session_id))

    def later(self, **by: float) -> None:
        """Move the clock."""
        self.clock.move(timedelta(**by))

    def new_violations(self) -> dict[str, int]:
        """Invariants that do not hold; a violation is told once, to the test that made it."""
        counts = count_violations(self.sessions)
        found = {name: count for name, count in counts.items() if count != self._told.get(name, 0)}
        self._told = counts
        return found


def public_point(key: ec.EllipticCurvePrivateKey) -> DeviceKey:
    """The public half of a phone's key, as the product keeps it."""
    numbers = key.public_key().public_numbers()
    return DeviceKey(numbers.x.to_bytes(32), numbers.y.to_bytes(32))

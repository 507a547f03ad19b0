"""Preparing cases 预置办件: members ready to confirm, made through the product's own services.

Only the camera is left out: a face session is written as the judge leaves one that passed. Used by the benches and
by the fault tests of the money side; the faces themselves are tried for real elsewhere.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from apiflask import APIFlask
from sqlalchemy import select

from app.factory import create_app
from app.http.auth import issue
from app.http.idempotency import IdempotencyRecord
from config.settings import load_settings
from runtime.bootstrap import Product, build
from runtime.cli.members import import_members
from runtime.supervisor.children import clock_file
from runtime.supervisor.system import System
from services.accounts.models import PayeeCard
from services.applications.service import load
from services.audit.service import record
from services.core.clock import Clock
from services.core.db import transaction
from services.core.ids import new_id
from services.datasharing.ports import ShareAnswer, ShareRequest
from services.datasharing.service import DataSharing
from services.face.challenge import draw_prompts
from services.face.models import FaceSession
from services.members.binding import DeviceKey, active_device, bind
from services.members.consents import TEXTS, active_consent, grant
from services.members.identity import find_by_id_no
from services.members.models import LoginSession
from services.members.sessions import start

ITEM = "rent-withdrawal"


@dataclass(frozen=True, slots=True)
class BoundMember:
    """A bound and signed-in member."""

    account_id: UUID
    card_id: UUID
    tokens: Mapping[str, Any]


class Preparer:
    """Makes members, applications and passed face sessions in one system's database."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.app: APIFlask = create_app(product.ports())

    def member(self, person: Mapping[str, Any], openid: str, device: DeviceKey | None = None) -> BoundMember:
        """Take a person over, bind them to a WeChat user and sign them in, with the consent to data sharing."""
        own = self.product
        import_members(own, [person])
        with transaction(own.sessions) as session:
            found = find_by_id_no(session, own.cipher, person["id_no"])
            assert found is not None
            account_id, now = found.account_id, own.clock.now()
            key = device or DeviceKey(secrets.token_bytes(32), secrets.token_bytes(32))
            bind(session, own.cipher, account_id, openid, "h5", key, now)
            if active_consent(session, account_id, "data_sharing") is None:
                grant(session, account_id, "data_sharing", TEXTS["data_sharing"].version, ITEM, now)
            session.flush()
            card_id = session.scalars(
                select(PayeeCard.card_id).where(PayeeCard.account_id == account_id)
            ).one()
        return BoundMember(account_id, card_id, self.tokens(openid))

    def tokens(self, openid: str) -> dict[str, Any]:
        """Sign a WeChat user in, as after WeChat's OAuth."""
        own = self.product
        with self.app.app_context(), transaction(own.sessions) as session:
            row = start(session, own.cipher, openid, "h5", own.clock.now())
            session.flush()
            return issue(row)

    def access_token(self, session_id: UUID) -> str:
        """An access token of a login session that exists."""
        row = LoginSession(session_id=session_id, refresh_jti=new_id())
        with self.app.app_context():
            return str(issue(row)["access_token"])

    def application(self, member: BoundMember, amount_fen: int) -> UUID:
        """Submit an application; it then waits for the face."""
        engine = self.product.engine
        item = engine.registry.get(ITEM)
        form = item.form.model_validate({"amount_fen": amount_fen, "card_id": member.card_id})
        prepared = engine.prepare(member.account_id, item, form)
        with transaction(self.product.sessions) as session:
            return engine.submit(session, member.account_id, prepared).application_id

    def remembered(self, account_id: UUID, application_id: UUID) -> None:
        """The stored answer that submitting over HTTP leaves behind."""
        record = IdempotencyRecord(
            account_id=account_id,
            operation=f"submit:{ITEM}",
            key=secrets.token_hex(16),
            fingerprint=secrets.token_bytes(32),
            status=201,
            body={"application_id": str(application_id)},
            created_at=self.product.clock.now(),
        )
        with transaction(self.product.sessions) as session:
            session.add(record)

    def passed_face(
        self, account_id: UUID, application_id: UUID, *, serve: timedelta = timedelta(minutes=5)
    ) -> UUID:
        """A face session for the application as the judge leaves one that passed; returns its id."""
        own = self.product
        with transaction(own.sessions) as session:
            consent_id = grant(
                session, account_id, "face", TEXTS["face"].version, str(application_id), own.clock.now()
            ).consent_id
            now = own.clock.now()
            digest = load(session, account_id, application_id).operation_digest
            device_id = active_device(session, account_id).device_id
            row = _passed(own, account_id, application_id, digest, consent_id, device_id)
            row.created_at = row.completed_at = row.judged_at = row.shown_at = now
            row.expires_at, row.served_until = now + timedelta(seconds=90), now + serve
            session.add(row)
            detail = {"passed": True, "reasons": []}
            record(
                session,
                account_id,
                "face.judged",
                actor="system",
                subject=str(row.session_id),
                at=now,
                detail=detail,
            )
        return row.session_id

    def ready(self, member: BoundMember, amount_fen: int) -> tuple[UUID, UUID]:
        """An application with its passed face session: all that is left is to confirm."""
        application_id = self.application(member, amount_fen)
        return application_id, self.passed_face(member.account_id, application_id)


def _passed(
    own: Product, account_id: UUID, application_id: UUID, digest: bytes, consent_id: UUID, device_id: UUID
) -> FaceSession:
    prompts = draw_prompts("0" * 32)
    return FaceSession(
        account_id=account_id,
        session_id=new_id(),
        application_id=application_id,
        operation_digest=digest,
        consent_id=consent_id,
        device_id=device_id,
        nonce=secrets.token_hex(16),
        challenge_key_sealed=own.cipher.seal_bytes(secrets.token_bytes(32), "face_session.key"),
        prompts=prompts,
        shown=len(prompts) - 1,
        starts_ms=[0] * len(prompts),
        next_batch=9,
        frame_count=80,
        state="passed",
        reasons=[],
        scores={},
        models={},
    )


def product_of(system: System) -> Product:
    """The product's objects on a running system's database, in this process."""
    ports = system.ports
    return build(
        load_settings(
            home=system.home,
            DATABASE_URL=system.urls.app,
            database_owner_url=system.urls.owner,
            public_base_url=ports.url("web"),
            clock_offset_file=clock_file(system.home),
            share_base_url=ports.url("share"),
        )
    )


class AgreeableExchange:
    """Answers for the data-sharing exchange where the outside world is not running: single, and no home."""

    _DATA: Mapping[str, Mapping[str, Any]] = {
        "civil.marriage": {"status": "10", "spouse": None},
        "estate.ownership": {"houses": []},
    }

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def ask(self, service: str, request: ShareRequest) -> ShareAnswer:
        """The same answer for everybody."""
        return ShareAnswer("ok", self._clock.now(), self._DATA[service])


def without_outside(product: Product) -> Product:
    """Let the product ask nobody; for benches that run the web server and the database alone."""
    gateway = AgreeableExchange(product.clock)
    product.__dict__["sharing"] = DataSharing(product.sessions, product.clock, product.cipher, gateway)
    return product

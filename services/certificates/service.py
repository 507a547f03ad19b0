"""Issuing and verifying certificates 开具与查验."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hmac import compare_digest
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.applications.models import Application
from services.applications.service import load, move
from services.applications.states import PLAIN_STATES
from services.audit.service import record
from services.certificates.models import Certificate
from services.certificates.pdf import Document, draw
from services.core.clock import Clock, shanghai_day
from services.core.crypto import FieldCipher
from services.core.errors import NotFound
from services.core.ids import new_id
from services.core.jobs import defer
from services.core.outbox import emit
from services.core.pii import mask_name

CENTRE = "株洲市住房公积金管理中心"
QUEUE = "default"
_CODE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Contents:
    """What a certificate will say, sealed until it is drawn."""

    kind: str
    name: str
    holder: str
    opening: str
    rows: list[list[str]]
    closing: str
    valid_days: int


@dataclass(frozen=True, slots=True)
class Verification:
    """What the public page may say of a certificate: masked holder, name, dates, and whether the file is the one issued."""

    number: str
    name: str
    holder_masked: str
    issued_on: date | None
    valid_until: date | None
    expired: bool
    genuine: bool | None


class Certificates:
    """Use cases of certificates, in the caller's transaction."""

    def __init__(self, cipher: FieldCipher, clock: Clock, verify_base_url: str) -> None:
        self._cipher = cipher
        self._clock = clock
        self._verify_base_url = verify_base_url

    def issue(self, session: Session, application: Application, contents: Contents) -> Certificate:
        """Reserve number and contents, and the job that draws the file. The number is the case number."""
        now = self._clock.now()
        today = shanghai_day(now)
        certificate = Certificate(
            account_id=application.account_id,
            certificate_id=new_id(),
            application_id=application.application_id,
            number=f"ZM{application.case_no}",
            kind=contents.kind,
            name=contents.name,
            check_code="".join(secrets.choice(_CODE_ALPHABET) for _ in range(8)),
            contents_sealed=self._cipher.seal(_to_json(contents), "certificate.contents"),
            issued_on=today,
            valid_until=today + timedelta(days=contents.valid_days),
            created_at=now,
            pdf_sealed=None,
            sha256=None,
        )
        session.add(certificate)
        defer_draw(session, certificate)
        return certificate

    def draw(self, session: Session, account_id: UUID, certificate_id: UUID) -> None:
        """Draw the file once, complete the application, and tell the member; nothing for one that was cancelled."""
        certificate = session.get_one(Certificate, (account_id, certificate_id), with_for_update=True)
        application = load(session, account_id, certificate.application_id, lock=True)
        if certificate.sha256 is not None or application.state in PLAIN_STATES.terminal:
            return
        pdf = draw(self._document(certificate))
        certificate.pdf_sealed = self._cipher.seal_bytes(pdf, "certificate.pdf")
        certificate.sha256 = hashlib.sha256(pdf).digest()
        now = self._clock.now()
        move(session, application, PLAIN_STATES, "complete", actor="系统", at=now)
        record(session, account_id, "certificate.issued", actor="system", subject=certificate.number, at=now)
        emit(
            session,
            account_id,
            "certificate.issued",
            {
                "application_id": str(application.application_id),
                "name": certificate.name,
                "number": certificate.number,
            },
            now,
        )

    def _document(self, certificate: Certificate) -> Document:
        contents = self._contents(certificate)
        until = certificate.valid_until
        return Document(
            title=certificate.name,
            number=certificate.number,
            opening=contents.opening,
            rows=[(label, value) for label, value in contents.rows],
            closing=contents.closing,
            centre=CENTRE,
            issued_at=certificate.created_at,
            valid_until_text=f"{until.year}年{until.month}月{until.day}日",
            verify_url=f"{self._verify_base_url}/verify/{certificate.number}?c={certificate.check_code}",
            check_code=certificate.check_code,
        )

    def _contents(self, certificate: Certificate) -> Contents:
        return Contents(**json.loads(self._cipher.open(certificate.contents_sealed, "certificate.contents")))

    def file(self, session: Session, account_id: UUID, certificate_id: UUID) -> tuple[str, bytes]:
        """Number and PDF of the member's certificate; raises NotFound when absent or not drawn yet."""
        certificate = session.get(Certificate, (account_id, certificate_id))
        if certificate is None or certificate.pdf_sealed is None:
            raise NotFound
        return certificate.number, self._cipher.open_bytes(certificate.pdf_sealed, "certificate.pdf")

    def verify(
        self, session: Session, number: str, *, check_code: str | None, file: bytes | None
    ) -> Verification:
        """Check a certificate by its code or by its file; raises NotFound for neither code nor file of it."""
        certificate = session.scalar(select(Certificate).where(Certificate.number == number))
        if certificate is None or certificate.sha256 is None:
            raise NotFound
        code_right = check_code is not None and compare_digest(
            certificate.check_code.encode(), check_code.encode()
        )
        if file is None and not code_right:
            raise NotFound
        genuine = None if file is None else compare_digest(hashlib.sha256(file).digest(), certificate.sha256)
        if not (
            code_right or genuine
        ):  # numbers are easy to guess: without code or file nothing is said of it
            return Verification(certificate.number, "", "", None, None, False, False)
        return Verification(
            number=certificate.number,
            name=certificate.name,
            holder_masked=mask_name(self._contents(certificate).holder),
            issued_on=certificate.issued_on,
            valid_until=certificate.valid_until,
            expired=shanghai_day(self._clock.now()) > certificate.valid_until,
            genuine=genuine,
        )


def _to_json(contents: Contents) -> str:
    fields: dict[str, Any] = {name: getattr(contents, name) for name in Contents.__slots__}
    return json.dumps(fields, ensure_ascii=False)


def defer_draw(session: Session, certificate: Certificate) -> None:
    """Ask for the file to be drawn."""
    defer(
        session,
        "certificates.draw",
        QUEUE,
        queueing_lock=f"draw:{certificate.certificate_id}",
        account_id=certificate.account_id,
        certificate_id=certificate.certificate_id,
    )


def undrawn_since(session: Session, before: datetime) -> list[Certificate]:
    """Certificates whose file is still missing and whose application has not come to its end."""
    statement = (
        select(Certificate)
        .join(
            Application,
            (Application.account_id == Certificate.account_id)
            & (Application.application_id == Certificate.application_id),
        )
        .where(
            Certificate.sha256.is_(None),
            Certificate.created_at < before,
            Application.state.not_in(PLAIN_STATES.terminal),
        )
        .limit(100)
    )
    return list(session.scalars(statement))


def certificate_of(session: Session, account_id: UUID, application_id: UUID) -> Certificate | None:
    """The certificate an application led to."""
    return session.scalar(
        select(Certificate).where(
            Certificate.account_id == account_id, Certificate.application_id == application_id
        )
    )


def certificates_of(session: Session, account_id: UUID) -> list[Certificate]:
    """The member's drawn certificates, newest first."""
    statement = select(Certificate).where(
        Certificate.account_id == account_id, Certificate.sha256.is_not(None)
    )
    return list(session.scalars(statement.order_by(Certificate.certificate_id.desc())))

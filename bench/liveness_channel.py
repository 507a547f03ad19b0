"""Frames posted as an injector posts them 注入途径: through the real `Faces.add`, its rows held in memory.

Only the database is left out: MACs, signatures, sealed keys, the order in time and the reason codes are the service's.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import create_autospec
from uuid import UUID

import psycopg
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from sqlalchemy.orm import Session

from services.core.crypto import FieldCipher
from services.core.errors import DomainError
from services.core.ids import new_id
from services.core.prepared import Answer
from services.face.engine.types import Frame
from services.face.models import FaceSession
from services.face.replay import Replays
from services.face.service import Batch, Faces
from services.members.consents import consent_text
from services.members.models import Consent, Device

START = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
NETWORK_MS = 150
AT_ONCE = 3


class Rows:
    """The rows that one upload reads and writes, in place of a database session."""

    def __init__(self, *rows: Any) -> None:
        self.info: dict[str, Any] = {}
        self._rows = {type(row): row for row in rows}
        self._driver = create_autospec(psycopg.Connection, instance=True)

    def get(self, kind: type, _: object, **__: object) -> Any:
        """The one row of a table."""
        return self._rows.get(kind)

    def get_one(self, kind: type, _: object) -> Any:
        """The one row of a table."""
        return self._rows[kind]

    def add(self, row: object) -> None:
        """Nothing reads it again."""

    def connection(self) -> Any:
        """Takes the job that judges a complete session, and does nothing with it."""
        line = SimpleNamespace(driver=self._driver, prepared=lambda *_: Answer([], 1))
        pooled = SimpleNamespace(driver_connection=self._driver, info={"line": line})
        return SimpleNamespace(invalidated=False, connection=pooled)

    def get_transaction(self) -> object:
        """One for all."""
        return self

    def get_nested_transaction(self) -> None:
        """No savepoints."""


@dataclass
class Hand:
    """A clock that is set."""

    at: datetime = START

    def now(self) -> datetime:
        """The instant it shows."""
        return self.at


class Channel:
    """A member's open face session, the bound phone's key, and the service that takes frames."""

    def __init__(self, prompts: Sequence[dict[str, Any]]) -> None:
        self.clock = Hand()
        cipher = FieldCipher({1: secrets.token_bytes(32)}, 1, secrets.token_bytes(32))
        self._faces = Faces(cipher, self.clock, cast(Replays, None))
        self.phone = ec.generate_private_key(ec.SECP256R1())
        self._key, self._nonce = secrets.token_bytes(32), secrets.token_hex(16)
        self._account, self._id = new_id(), new_id()
        self._rows = Rows(
            _consent(self._account),
            _device(self._account, self.phone),
            self._session(prompts, cipher.seal_bytes(self._key, "face_session.key")),
        )

    def post(self, number: int, frames: Sequence[Frame], signer: ec.EllipticCurvePrivateKey) -> FaceSession:
        """One batch, signed by somebody's key."""
        macs = [self._mac(frame) for frame in frames]
        batch = Batch(number, frames, macs, self._signature(number, macs, signer))
        return self._faces.add(cast(Session, self._rows), self._account, self._id, batch)

    def _session(self, prompts: Sequence[dict[str, Any]], key_sealed: bytes) -> FaceSession:
        return FaceSession(
            account_id=self._account,
            session_id=self._id,
            consent_id=new_id(),
            kind="camera",
            device_id=new_id(),
            nonce=self._nonce,
            challenge_key_sealed=key_sealed,
            prompts=list(prompts),
            shown=0,
            shown_at=START,
            starts_ms=[0],
            next_batch=0,
            frame_count=0,
            state="open",
            created_at=START,
        )

    def _mac(self, frame: Frame) -> bytes:
        digest = hashlib.sha256(frame.jpeg).hexdigest()
        text = f"{self._nonce}|{frame.seq}|{frame.at_ms}|{frame.prompt}|{digest}"
        return hmac.digest(self._key, text.encode(), "sha256")

    def _signature(self, number: int, macs: Sequence[bytes], signer: ec.EllipticCurvePrivateKey) -> bytes:
        joined = "".join(base64.urlsafe_b64encode(mac).rstrip(b"=").decode() for mac in macs)
        text = f"anju-frames-v1|{self._id}|{number}|{hashlib.sha256(joined.encode()).hexdigest()}"
        r, s = decode_dss_signature(signer.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)


def _consent(account_id: UUID) -> Consent:
    words = consent_text("face").version
    return Consent(account_id=account_id, kind="face", text_version=words, withdrawn_at=None)


def _device(account_id: UUID, phone: ec.EllipticCurvePrivateKey) -> Device:
    numbers = phone.public_key().public_numbers()
    return Device(account_id=account_id, x=numbers.x.to_bytes(32), y=numbers.y.to_bytes(32), ended_at=None)


def refusal_of(post: Callable[[], object]) -> str | None:
    """The code it was refused with, or None."""
    try:
        post()
    except DomainError as problem:
        return str(problem.code)
    return None


def as_a_camera(prompts: Sequence[dict[str, Any]], frames: Sequence[Frame]) -> str | None:
    """Batches of the bound phone, each when its last picture has been taken: what a genuine page does."""
    channel = Channel(prompts)
    return refusal_of(lambda: _post_all(channel, frames, channel.phone, burst=False))


def from_another_device(prompts: Sequence[dict[str, Any]], frames: Sequence[Frame]) -> str | None:
    """In good time, with the member's tokens and the challenge key, but not signed by the bound phone."""
    channel = Channel(prompts)
    other = ec.generate_private_key(ec.SECP256R1())
    return refusal_of(lambda: _post_all(channel, frames, other, burst=False))


def in_one_burst(prompts: Sequence[dict[str, Any]], frames: Sequence[Frame]) -> str | None:
    """Signed by the bound phone, but made beforehand and posted at once, small batches first."""
    channel = Channel(prompts)
    return refusal_of(lambda: _post_all(channel, frames, channel.phone, burst=True))


def _post_all(
    channel: Channel, frames: Sequence[Frame], signer: ec.EllipticCurvePrivateKey, *, burst: bool
) -> None:
    for number, first in enumerate(range(0, len(frames), AT_ONCE)):
        batch = frames[first : first + AT_ONCE]
        if not burst:
            channel.clock.at = START + timedelta(milliseconds=batch[-1].at_ms + NETWORK_MS)
        if channel.post(number, batch, signer).state != "open":
            return

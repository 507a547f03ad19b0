"""Use cases of documents 材料: add, list, read and take away, in the caller's transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from services.audit.service import record
from services.core.crypto import FieldCipher
from services.core.errors import NotFound
from services.core.ids import new_id
from services.documents.errors import SeenAlready, TooManyPictures
from services.documents.models import Document
from services.documents.ports import CleanPicture, PictureCleaner

MOST = 9
_CONTEXT = "document.picture"


class Documents:
    """Pictures of applications. Whether a case takes pictures now is for the caller to know."""

    def __init__(self, cipher: FieldCipher, cleaner: PictureCleaner) -> None:
        self._cipher = cipher
        self._cleaner = cleaner

    def clean(self, data: bytes) -> CleanPicture:
        """Draw a stranger's picture anew, outside any transaction; raises PictureRefused."""
        return self._cleaner.clean(data)

    def add(
        self, session: Session, account_id: UUID, application_id: UUID, picture: CleanPicture, at: datetime
    ) -> Document:
        """Keep a picture with the case; the same one again is the one that is there. The caller holds the case's lock.

        Raises TooManyPictures.
        """
        digest = hashlib.sha256(picture.jpeg).digest()
        kept = documents_of(session, account_id, application_id)
        same = next((document for document in kept if document.sha256 == digest), None)
        if same is not None:
            return same
        if len(kept) >= MOST:
            raise TooManyPictures
        document = Document(
            account_id=account_id,
            document_id=new_id(),
            application_id=application_id,
            width=picture.width,
            height=picture.height,
            size_bytes=len(picture.jpeg),
            sha256=digest,
            picture_sealed=self._cipher.seal_bytes(picture.jpeg, _CONTEXT),
            created_at=at,
            seen_at=None,
        )
        session.add(document)
        session.flush()
        self._note(session, document, "document.added", at)
        return document

    def picture(self, session: Session, account_id: UUID, application_id: UUID, document_id: UUID) -> bytes:
        """The JPEG; raises NotFound for what is not of this case."""
        return self._cipher.open_bytes(
            _of_case(session, account_id, application_id, document_id).picture_sealed, _CONTEXT
        )

    def remove(
        self, session: Session, account_id: UUID, application_id: UUID, document_id: UUID, at: datetime
    ) -> None:
        """Take a picture away; raises SeenAlready once staff have looked at the case's pictures."""
        document = _of_case(session, account_id, application_id, document_id)
        if document.seen_at is not None:
            raise SeenAlready
        session.execute(
            delete(Document).where(Document.account_id == account_id, Document.document_id == document_id)
        )
        self._note(session, document, "document.removed", at)

    @staticmethod
    def _note(session: Session, document: Document, action: str, at: datetime) -> None:
        record(
            session,
            document.account_id,
            action,
            actor="member",
            subject=str(document.application_id),
            at=at,
            detail={"document_id": str(document.document_id), "sha256": document.sha256.hex()},
        )


def documents_of(session: Session, account_id: UUID, application_id: UUID) -> Sequence[Document]:
    """The case's pictures, oldest first, without their bytes."""
    statement = select(Document).where(
        Document.account_id == account_id, Document.application_id == application_id
    )
    return session.scalars(statement.order_by(Document.document_id)).all()


def count_of(session: Session, account_id: UUID, application_id: UUID) -> int:
    """How many pictures the case has."""
    statement = select(func.count()).where(
        Document.account_id == account_id, Document.application_id == application_id
    )
    return session.scalar(statement) or 0


def mark_seen(session: Session, account_id: UUID, application_id: UUID, at: datetime) -> None:
    """Staff look at the case's pictures: from now on they stay."""
    statement = update(Document).where(
        Document.account_id == account_id,
        Document.application_id == application_id,
        Document.seen_at.is_(None),
    )
    session.execute(statement.values(seen_at=at))


def _of_case(session: Session, account_id: UUID, application_id: UUID, document_id: UUID) -> Document:
    document = session.get(Document, (account_id, document_id))
    if document is None or document.application_id != application_id:
        raise NotFound
    return document

"""Documents 材料: pictures a member adds to an application that people look at."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response, g, request

from app.http.auth import member_only
from app.http.rate_limit import Limit, hit
from app.http.strict_json import takes_files
from app.member_api.reading import path_key
from app.member_api.shapes import Out
from app.ports import ports
from services.applications.service import load
from services.core.clock import shanghai_iso
from services.core.db import transaction
from services.core.errors import Invalid
from services.documents.models import Document
from services.documents.pictures import MOST_BYTES
from services.documents.service import MOST, documents_of
from services.reviews.pictures import TAKES, open_case
from services.reviews.requests import request_of

blueprint = APIBlueprint("documents", __name__, url_prefix="/api/v1", tag="材料")
UPLOADS = Limit("documents", 40, 3600)
UPLOADS_DAY = Limit("documents_day", 60, 86_400)
"""What is stored stays three years, also of cases that were given up: nobody fills the disk by opening many."""
_FORM_BYTES = MOST_BYTES + 64 * 1024


class DocumentOut(Out):
    """One picture; `url` serves it to the member. `removable` until staff have looked at it."""

    document_id: str
    width: int
    height: int
    size_bytes: int
    created_at: str
    removable: bool
    url: str


class WantedOut(Out):
    """What staff ask the member to add, in their words."""

    text: str
    asked_at: str


class DocumentsOut(Out):
    """The pictures of an application, oldest first, whether more are taken, and what staff ask for."""

    documents: list[DocumentOut]
    most: int
    open: bool
    wanted: WantedOut | None


@blueprint.get("/applications/<application_id>/documents")
@blueprint.output(DocumentsOut)
@blueprint.doc(summary="办件的材料图片")
@member_only
def list_documents(application_id: str) -> Any:
    """Pictures of one application."""
    own, key = ports(), path_key(application_id)
    with transaction(own.sessions) as session:
        application = load(session, g.account_id, key)
        found = [_shown(document) for document in documents_of(session, g.account_id, key)]
        asked = request_of(session, g.account_id, key) if application.state in TAKES else None
    return {
        "documents": found,
        "most": MOST,
        "open": application.state in TAKES and len(found) < MOST,
        "wanted": {"text": asked.text, "asked_at": shanghai_iso(asked.asked_at)} if asked else None,
    }


@blueprint.post("/applications/<application_id>/documents")
@blueprint.output(DocumentOut, status_code=201)
@blueprint.doc(
    summary="上传材料图片",
    description="multipart 表单，字段名 `file`，JPG 或 PNG，8 MB 以内。图片会重新生成，不保留位置等附加信息。",
)
@takes_files
@member_only
def add_document(application_id: str) -> Any:
    """Take a picture: drawn anew, then kept sealed."""
    own, account_id, key = ports(), g.account_id, path_key(application_id)
    with transaction(own.sessions) as session:
        open_case(session, account_id, key)
    for limit in (UPLOADS, UPLOADS_DAY):
        hit(limit, str(account_id))
    picture = own.documents.clean(_file())
    with transaction(own.sessions) as session:
        open_case(session, account_id, key, lock=True)
        return _shown(own.documents.add(session, account_id, key, picture, own.clock.now()))


@blueprint.get("/applications/<application_id>/documents/<document_id>")
@blueprint.doc(summary="看一张材料图片", responses={200: "JPEG 图片"})
@member_only
def get_document(application_id: str, document_id: str) -> Response:
    """The picture as it is kept."""
    own = ports()
    with transaction(own.sessions) as session:
        jpeg = own.documents.picture(session, g.account_id, path_key(application_id), path_key(document_id))
    return Response(jpeg, mimetype="image/jpeg")


@blueprint.delete("/applications/<application_id>/documents/<document_id>")
@blueprint.doc(summary="删除材料图片", description="工作人员看过之后不能再删。", responses={204: "已删除"})
@member_only
def remove_document(application_id: str, document_id: str) -> Response:
    """Take a picture away again."""
    own, key = ports(), path_key(application_id)
    with transaction(own.sessions) as session:
        open_case(session, g.account_id, key, lock=True)
        own.documents.remove(session, g.account_id, key, path_key(document_id), own.clock.now())
    return Response(status=204)


def _file() -> bytes:
    request.max_content_length = _FORM_BYTES
    uploads = request.files.getlist("file")
    if len(uploads) != 1:
        raise Invalid("请选一张图片。", code="image.missing", field="file")
    return uploads[0].stream.read(MOST_BYTES + 1)


def _shown(document: Document) -> dict[str, Any]:
    return {
        "document_id": str(document.document_id),
        "width": document.width,
        "height": document.height,
        "size_bytes": document.size_bytes,
        "created_at": shanghai_iso(document.created_at),
        "removable": document.seen_at is None,
        "url": f"/api/v1/applications/{document.application_id}/documents/{document.document_id}",
    }

"""Certificates 证明 and the log of who looked at my data 查阅记录."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response, g
from sqlalchemy import select

from app.http.auth import member_only
from app.member_api.reading import path_key
from app.member_api.record_words import ACTIONS, ACTORS, SERVICES
from app.member_api.schemas import AccessLogOut, CertificatesOut
from app.member_api.views import certificate_view
from app.ports import ports
from services.audit.models import AuditEntry
from services.certificates.service import certificates_of
from services.core.clock import shanghai_iso
from services.core.db import transaction

blueprint = APIBlueprint("records", __name__, url_prefix="/api/v1", tag="证明与记录")


@blueprint.get("/certificates")
@blueprint.output(CertificatesOut)
@blueprint.doc(summary="我的证明")
@member_only
def list_certificates() -> Any:
    """Certificates issued to the member."""
    own = ports()
    with transaction(own.sessions) as session:
        return {"certificates": [certificate_view(c, own) for c in certificates_of(session, g.account_id)]}


@blueprint.get("/certificates/<certificate_id>/pdf")
@blueprint.doc(summary="下载证明", responses={200: "PDF 文件"})
@member_only
def download(certificate_id: str) -> Response:
    """The file as issued."""
    own = ports()
    with transaction(own.sessions) as session:
        number, pdf = own.certificates.file(session, g.account_id, path_key(certificate_id))
    return Response(
        pdf, mimetype="application/pdf", headers={"Content-Disposition": f'inline; filename="{number}.pdf"'}
    )


@blueprint.get("/audit-log")
@blueprint.output(AccessLogOut)
@blueprint.doc(summary="谁看过我的信息")
@member_only
def access_log() -> Any:
    """Acts on the member's record, newest first."""
    own = ports()
    statement = (
        select(AuditEntry)
        .where(AuditEntry.account_id == g.account_id)
        .order_by(AuditEntry.seq.desc())
        .limit(100)
    )
    with transaction(own.sessions) as session:
        return {"entries": [_entry(entry) for entry in session.scalars(statement)]}


def _entry(entry: AuditEntry) -> dict[str, str]:
    text = ACTIONS.get(entry.action, entry.action)
    if entry.action == "withdrawal.approved" and entry.actor.startswith("staff:"):
        text = "审核通过，核准提取"
    if entry.action == "data.asked":
        text = (
            f"查询了{SERVICES.get(entry.subject, '外部信息')}，用于{entry.detail.get('purpose', '办理业务')}"
        )
    return {
        "at": shanghai_iso(entry.at),
        "actor": ACTORS.get(entry.actor, "工作人员"),
        "action": entry.action,
        "text": text,
    }

"""What anybody may know of the centre 网点与公告: counters, announcements, and whether a receipt is ours."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

from apiflask import APIBlueprint
from flask import Response, render_template, request

from app.http.auth import open_to_all
from app.http.rate_limit import Limit, client_address, hit
from app.member_api.centre_schemas import AnnouncementsOut, ServicePointsOut
from app.ports import ports
from services.centre.announcements import KINDS, in_force
from services.certificates.receipt_pdf import receipt_of
from services.core.clock import shanghai_day, shanghai_iso
from services.core.db import transaction
from services.core.errors import NotFound
from services.core.money import yuan_text
from services.core.scope import across_members
from services.items.engine import state_table

blueprint = APIBlueprint("centre", __name__, tag="网点与公告", template_folder="templates")
CHECKS = Limit("verify_receipt", 30, 60)
_NUMBER, _CODE = re.compile(r"[0-9]{15}"), re.compile(r"[0-9A-Z]{10}")
_SHORT, _LONG = {"Cache-Control": "public, max-age=30"}, {"Cache-Control": "public, max-age=3600"}


@blueprint.get("/api/v1/public/announcements")
@blueprint.output(AnnouncementsOut)
@blueprint.doc(summary="现在的公告", description="停机和公告；每一页顶上都显示。可以缓存 30 秒。")
@open_to_all
def announcements() -> Any:
    """What is in force now."""
    own = ports()
    with transaction(own.sessions) as session:
        found = in_force(session, own.clock.now())
    shown = [
        {
            "announcement_id": str(row.announcement_id),
            "kind": row.kind,
            "kind_text": KINDS[row.kind],
            "text": row.words,
            "from_at": shanghai_iso(row.from_at),
            "until_at": shanghai_iso(row.until_at),
        }
        for row in found
    ]
    return {"announcements": shown}, 200, _SHORT


@blueprint.get("/api/v1/public/service-points")
@blueprint.output(ServicePointsOut)
@blueprint.doc(
    summary="服务网点",
    description="经纬度是 GCJ-02。`busy` 是工作人员的经验，不是实时排队。可以缓存 1 小时。",
)
@open_to_all
def service_points() -> Any:
    """The counters."""
    own = ports()
    found = own.service_points.on(shanghai_day(own.clock.now()))
    points = [asdict(point) | {"hours": list(point.hours)} for point in found.points]
    shown = [point | {"services": list(point["services"])} for point in points]
    return {"points": shown, "assumed": found.trust == "assumed"}, 200, _LONG


@blueprint.get("/verify/receipts/<case_no>")
@blueprint.doc(hide=True)
@open_to_all
def receipt(case_no: str) -> Response:
    """The page that the code on a receipt leads to."""
    hit(CHECKS, client_address())
    code = request.args.get("c", "")
    try:
        found = _look(case_no, code)
    except NotFound:
        found = None
    html = render_template("receipt.html", found=found)
    return Response(html, 200 if found else 404, mimetype="text/html")


def _look(case_no: str, code: str) -> dict[str, Any]:
    if _NUMBER.fullmatch(case_no) is None or _CODE.fullmatch(code) is None:
        raise NotFound
    own = ports()
    with across_members(), transaction(own.sessions) as session:
        case = receipt_of(session, own.cipher, case_no, code)
        return {
            "case_no": case.case_no,
            "item": case.quote["item_name"],
            "amount": yuan_text(case.amount_fen) if case.amount_fen is not None else "",
            "submitted_on": case.submitted_on,
            "state": state_table(case).labels[case.state],
        }

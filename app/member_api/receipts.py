"""Receipt of a case as a file 办件凭证."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apiflask import APIBlueprint
from flask import Response, g

from app.http.auth import member_only
from app.http.rate_limit import Limit, hit
from app.member_api.reading import path_key
from app.member_api.showing import show
from app.ports import ports
from services.applications.service import load
from services.certificates.receipt_pdf import draw_receipt
from services.core.clock import SHANGHAI
from services.core.db import transaction
from services.core.money import yuan_text
from services.core.pii import mask_name
from services.members.identity import person_of

blueprint = APIBlueprint("receipts", __name__, url_prefix="/api/v1", tag="办件")
FILES = Limit("receipt_files", 10, 60)


@blueprint.get("/applications/<application_id>/receipt.pdf")
@blueprint.doc(summary="下载办件凭证", responses={200: "PDF 文件"})
@member_only
def receipt(application_id: str) -> Response:
    """The receipt as it stands now, with its number and a code to check it by."""
    own, key = ports(), path_key(application_id)
    hit(FILES, str(g.account_id))
    with transaction(own.sessions) as session:
        case = load(session, g.account_id, key)
        rows = _rows(show(session, own, case), mask_name(person_of(session, own.cipher, g.account_id).name))
    pdf = draw_receipt(own.cipher, case, rows, own.settings.public_base_url, own.clock.now())
    return Response(
        pdf,
        mimetype="application/pdf",
        headers={"Content-Disposition": f'inline; filename="receipt-{case.case_no}.pdf"'},
    )


def _rows(shown: dict[str, Any], name: str) -> list[tuple[str, str]]:
    rows = [("办理人", name), ("事项", shown["item_name"])]
    if shown["amount_fen"] is not None:
        rows.append(("金额", f"{yuan_text(shown['amount_fen'])} 元（{shown['amount_words']}）"))
    if shown["card"]:
        rows.append(("收款", f"{shown['card']['bank_name']} 尾号 {shown['card']['tail4']}"))
    rows.append(("现在的状态", shown["state_text"]))
    return rows + [(step["label"], _moment(step["at"])) for step in shown["steps"] if step["at"]]


def _moment(text: str) -> str:
    at = datetime.fromisoformat(text).astimezone(SHANGHAI)
    return f"{at.year}年{at.month}月{at.day}日 {at:%H:%M:%S}"

"""Verifying a certificate 证明查验: by its code in the QR, or by the file itself."""

from __future__ import annotations

import re
from typing import Any

from apiflask import APIBlueprint
from flask import Response, render_template, request

from app.http.auth import open_to_all
from app.http.rate_limit import Limit, client_address, hit
from app.member_api.schemas import VerifyOut
from app.ports import ports
from services.certificates.service import Verification
from services.core.db import transaction
from services.core.errors import Invalid, NotFound
from services.core.scope import across_members

blueprint = APIBlueprint("verification", __name__, tag="公开查验", template_folder="templates")
_NUMBER = re.compile(r"ZM[0-9]{15}")
_FILE_MAX = 2 * 1024 * 1024
CHECKS = Limit("verify", 60, 60)


@blueprint.get("/verify/<number>")
@blueprint.doc(hide=True)
@open_to_all
def page(number: str) -> Response:
    """The page a QR code leads to."""
    hit(CHECKS, client_address())
    try:
        found = _verify(number, request.args.get("c"), None)
    except NotFound:
        found = None
    html = render_template("verify.html", number=number if _NUMBER.fullmatch(number) else "", found=found)
    return Response(html, 200 if found else 404, mimetype="text/html")


@blueprint.post("/verify/<number>")
@blueprint.doc(hide=True)
@open_to_all
def check_file_page(number: str) -> Response:
    """The page's own upload."""
    hit(CHECKS, client_address())
    found = _verify(number, request.args.get("c"), _file())
    html = render_template("verify.html", number=number, found=found)
    return Response(html, 200, mimetype="text/html")


@blueprint.post("/api/v1/public/certificates/<number>/verify")
@blueprint.output(VerifyOut)
@blueprint.doc(
    summary="查验证明文件", description="multipart 表单，字段名 `file`。文件与开具时完全一致才为真。"
)
@open_to_all
def check_file(number: str) -> Any:
    """Whether a file is the certificate as issued."""
    hit(CHECKS, client_address())
    found = _verify(number, None, _file())
    return {
        "number": found.number,
        "genuine": bool(found.genuine),
        "name": found.name,
        "holder_masked": found.holder_masked,
        "issued_on": found.issued_on.isoformat() if found.issued_on else None,
        "valid_until": found.valid_until.isoformat() if found.valid_until else None,
        "expired": found.expired,
    }


def _verify(number: str, check_code: str | None, file: bytes | None) -> Verification:
    if _NUMBER.fullmatch(number) is None:
        raise NotFound
    own = ports()
    with across_members(), transaction(own.sessions) as session:
        return own.certificates.verify(session, number, check_code=check_code, file=file)


def _file() -> bytes:
    upload = request.files.get("file")
    if upload is None:
        raise Invalid("请选择要查验的 PDF 文件。", code="file.missing", field="file")
    data = upload.stream.read(_FILE_MAX + 1)
    if len(data) > _FILE_MAX:
        raise Invalid("文件太大，证明文件不会超过 2 MB。", code="file.too_large", field="file")
    return data

"""SMS receipts 短信回执: the provider does not sign them, so a secret path stands in, and repeats do nothing."""

from __future__ import annotations

import hmac

from flask import Blueprint, Response, abort, jsonify, request

from app.webhooks.ports import ports
from app.webhooks.reading import read_up_to
from services.notices.adapters.tencent_sms import ReceiptsMalformed, read_receipts

BODY_LIMIT = 256 * 1024
blueprint = Blueprint("sms_webhook", __name__)


@blueprint.post("/webhooks/sms/tencent/<path_secret>")
def receive(path_secret: str) -> Response:
    """Take in Tencent's receipts."""
    own = ports()
    if not hmac.compare_digest(path_secret.encode(), own.sms_receipt_path_secret.encode()):
        abort(404)
    body = read_up_to(request, BODY_LIMIT)
    if len(body) > BODY_LIMIT:
        abort(413)
    receipts = read_receipts(body)
    with own.sessions.begin() as session:
        own.on_sms_receipts(session, receipts)
    return jsonify(result=0, errmsg="OK")


@blueprint.errorhandler(ReceiptsMalformed)
def refuse(error: ReceiptsMalformed) -> tuple[Response, int]:
    """Not an array of receipts."""
    return jsonify(result=1, errmsg="malformed"), 400

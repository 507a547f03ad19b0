"""SMS receipts 短信回执: the providers do not sign them, so a secret path stands in, and repeats do nothing."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request

from app.webhooks.ports import WebhookPorts, ports
from app.webhooks.reading import read_up_to
from services.core.scope import across_members
from services.notices.adapters.sms_receipts import (
    DeliveryReceipt,
    ReceiptsMalformed,
    read_aliyun,
    read_mas,
    read_tencent,
)

BODY_LIMIT = 256 * 1024
blueprint = Blueprint("sms_webhook", __name__)


@dataclass(frozen=True, slots=True)
class Pusher:
    """How one provider pushes receipts, and the answers it wants."""

    read: Callable[[bytes], list[DeliveryReceipt]]
    taken: Mapping[str, Any]
    refused: Mapping[str, Any]


PUSHERS = {
    "tencent": Pusher(read_tencent, {"result": 0, "errmsg": "OK"}, {"result": 1, "errmsg": "malformed"}),
    "aliyun": Pusher(read_aliyun, {"code": 0, "msg": "接收成功"}, {"code": 1, "msg": "malformed"}),
    "mas": Pusher(
        read_mas,
        {"success": True, "rspcod": "success"},
        {"success": False, "rspcod": "InvalidMessage"},
    ),
}


@blueprint.post("/webhooks/sms/<provider>/<path_secret>")
def receive(provider: str, path_secret: str) -> Response | tuple[Response, int]:
    """Take in a provider's receipts; a provider that is not in use has no such address."""
    own = ports()
    pusher = _known(own, provider, path_secret)
    body = read_up_to(request, BODY_LIMIT)
    if len(body) > BODY_LIMIT:
        abort(413)
    try:
        receipts = pusher.read(body)
    except ReceiptsMalformed:
        return jsonify(pusher.refused), 400
    with across_members(), own.sessions.begin() as session:
        own.on_sms_receipts(session, receipts)
    return jsonify(pusher.taken)


def _known(own: WebhookPorts, provider: str, path_secret: str) -> Pusher:
    secret, pusher = own.sms_receipt_secrets.get(provider), PUSHERS.get(provider)
    if not secret or pusher is None or not hmac.compare_digest(path_secret.encode(), secret.encode()):
        abort(404)
    return pusher

"""WeChat callbacks 微信回调: verify, take in once, answer at once."""

from __future__ import annotations

import logging

from flask import Blueprint, Response, request

from app.webhooks.ports import WebhookPorts, ports
from app.webhooks.reading import read_up_to
from wechat.callbacks import BODY_LIMIT, CallbackMessage, CallbackRefused, verify_and_decrypt, verify_echo
from wechat.replay_store import DatabaseReplayStore
from wechat.replies import sealed_reply

log = logging.getLogger(__name__)
blueprint = Blueprint("wechat_webhook", __name__)


@blueprint.get("/webhooks/wechat")
def verify() -> Response:
    """Answer WeChat's check of the callback address."""
    own = ports()
    echo = verify_echo(_query(), own.wechat_callback_config, own.clock.now())
    return Response(echo, mimetype="text/plain")


@blueprint.post("/webhooks/wechat")
def receive() -> Response:
    """Take in one message or event."""
    own = ports()
    body = read_up_to(request, BODY_LIMIT)
    message = verify_and_decrypt(
        _query(), dict(request.headers), body, own.wechat_callback_config, own.clock.now()
    )
    answer = _take_in(own, message)
    return Response(answer, mimetype="application/xml" if answer.startswith("<") else "text/plain")


@blueprint.errorhandler(CallbackRefused)
def refuse(error: CallbackRefused) -> Response:
    """Say the same to every forger."""
    log.warning("wechat callback refused: %s", error.reason)
    return Response("refused", 400, mimetype="text/plain")


def _take_in(own: WebhookPorts, message: CallbackMessage) -> str:
    """Effect and mark stand or fall together; a repeat gets `success` and has no effect."""
    now = own.clock.now()
    with own.sessions.begin() as session:
        seen = DatabaseReplayStore(session)
        if not seen.first_time(message.seal, now) or not seen.first_time(message.identity, now):
            return "success"
        reply = own.on_wechat_message(session, message)
    return sealed_reply(reply, message, own.wechat_callback_config, now) if reply else "success"


def _query() -> dict[str, str]:
    if any(len(values) != 1 for values in request.args.to_dict(flat=False).values()):
        raise CallbackRefused("query")
    return request.args.to_dict()

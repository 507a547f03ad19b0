"""WeChat callbacks 微信回调: verify, take in once, answer in time; what takes longer is put off to a job."""

from __future__ import annotations

import logging

from flask import Blueprint, Response, abort, request

from app.webhooks.bounded import bounded, ran_out
from app.webhooks.ports import WebhookPorts, ports
from app.webhooks.reading import read_up_to
from services.core.jobs import defer
from wechat.callbacks import BODY_LIMIT, CallbackMessage, CallbackRefused, verify_and_decrypt, verify_echo
from wechat.config import CallbackConfig
from wechat.replay_store import DatabaseReplayStore
from wechat.taking_in import NOTHING, take_in

log = logging.getLogger(__name__)
blueprint = Blueprint("wechat_webhook", __name__)
TAKE_IN_S, PUT_OFF_S = 2.5, 0.8  # WeChat hangs up after 5
LATE_JOB, LATE_QUEUE = "wechat.take_in", "default"
FORGED = frozenset({"signature", "stale", "appid", "addressee", "plain", "query"})


@blueprint.get("/webhooks/wechat", defaults={"app": "account"})
@blueprint.get("/webhooks/wechat/mini", defaults={"app": "mini"})
def verify(app: str) -> Response:
    """Answer WeChat's check of the callback address."""
    own = ports()
    echo = verify_echo(_query(), _config(own, app), own.clock.now())
    return Response(echo, mimetype="text/plain")


@blueprint.post("/webhooks/wechat", defaults={"app": "account"})
@blueprint.post("/webhooks/wechat/mini", defaults={"app": "mini"})
def receive(app: str) -> Response:
    """Take in one message or event."""
    own = ports()
    config = _config(own, app)
    body = read_up_to(request, BODY_LIMIT)
    message = verify_and_decrypt(_query(), dict(request.headers), body, config, own.clock.now())
    answer = _in_time(own, message, config)
    return Response(answer, mimetype="application/xml" if answer.startswith("<") else "text/plain")


@blueprint.errorhandler(CallbackRefused)
def refuse(error: CallbackRefused) -> Response:
    """Say the same to every forger."""
    log.warning("wechat callback refused: %s", error.reason)
    status = 413 if error.reason == "size" else 403 if error.reason in FORGED else 400
    return Response("refused", status, mimetype="text/plain")


def _config(own: WebhookPorts, app: str) -> CallbackConfig:
    config = own.wechat_callback_configs.get(app)
    return config if config is not None else abort(404)


def _in_time(own: WebhookPorts, message: CallbackMessage, config: CallbackConfig) -> str:
    """The answer; when the database lets us wait, `success`, and a job does the work and answers in the chat."""
    try:
        with bounded(own.callback_sessions, TAKE_IN_S) as session:
            seen = DatabaseReplayStore(session)
            now = own.clock.now()
            return take_in(message, seen, config, now, lambda m: own.on_wechat_message(session, m))
    except Exception as fault:
        if not ran_out(fault):
            raise
    log.warning("wechat callback put off: %s", message.event or message.kind)
    with bounded(own.callback_sessions, PUT_OFF_S) as session:
        defer(
            session,
            LATE_JOB,
            LATE_QUEUE,
            app=message.app,
            encrypted=message.encrypted,
            nonce=message.nonce,
            seal=message.seal,
        )
    return NOTHING


def _query() -> dict[str, str]:
    if any(len(values) != 1 for values in request.args.to_dict(flat=False).values()):
        raise CallbackRefused("query")
    return request.args.to_dict()

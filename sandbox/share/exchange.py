"""Exchange 交换平台: checks who asks and how, then passes the question to the registry."""

from __future__ import annotations

import hmac
import json
import re
import time
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, jsonify, request

from sandbox.faults import Fault
from sandbox.serving import new_app, suffer
from sandbox.share.registries import REGISTRIES
from sandbox.share.signature import request_signature
from sandbox.world import World

WINDOW_S = 300
REQUIRED = ("request_id", "case_id", "purpose", "consent_id")


class Turned(Exception):
    """A call turned away at the door."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


def exchange_app(world: World) -> Flask:
    """The exchange as a web application: POST /share/v1/<service>."""
    app = new_app(world, "share", __name__)

    @app.post("/share/v1/<service>")
    def ask(service: str) -> Response | tuple[Response, int]:
        try:
            body = request.get_data()
            check_sender(world, service, body)
            question = read_question(body)
        except Turned as turned:
            return jsonify(code=turned.code, message=turned.message), turned.status
        return reply(world, service, question)

    return app


def check_sender(world: World, service: str, body: bytes) -> None:
    """Centre, time, nonce and HMAC-SM3 of the headers; raises Turned."""
    known = world.setup.settings["share"]
    when, nonce = request.headers.get("X-Share-Time", ""), request.headers.get("X-Share-Nonce", "")
    if request.headers.get("X-Share-Centre") != known["centre_id"]:
        raise Turned(403, "centre_unknown", "机构代码未登记")
    if not re.fullmatch("[0-9]{10}", when) or not _recent(world, int(when)):
        raise Turned(401, "time_out_of_window", "请求时间超出允许范围")
    if not re.fullmatch("[A-Za-z0-9]{16,32}", nonce):
        raise Turned(401, "nonce_malformed", "随机串格式不对")
    expected = request_signature(known["key"], when, nonce, service, body)
    if not hmac.compare_digest(expected, request.headers.get("X-Share-Sign", "").lower()):
        raise Turned(401, "sign_mismatch", "签名不符")
    if not world.store.add_once("share.nonce", nonce, int(when)):
        raise Turned(401, "nonce_seen", "请求重复")


def _recent(world: World, when: int) -> bool:
    return abs(world.time() - when) <= WINDOW_S or abs(time.time() - when) <= WINDOW_S


def read_question(body: bytes) -> Mapping[str, Any]:
    """The JSON of a question; raises Turned when something is missing."""
    try:
        question = json.loads(body)
        if not all(isinstance(question[name], str) and question[name] for name in REQUIRED):
            raise Turned(400, "field_missing", "缺少业务要素")
        if not isinstance(question["params"], dict):
            raise Turned(400, "field_missing", "params 应为对象")
        _ = question["subject"]["name"], question["subject"]["id_no"]
    except (ValueError, KeyError, TypeError):
        raise Turned(400, "body_unreadable", "请求体读不懂") from None
    return dict(question)


def reply(world: World, service: str, question: Mapping[str, Any]) -> Response | tuple[Response, int]:
    """Answer one question that came through the door."""
    if service not in REGISTRIES:
        return jsonify(code="service_unknown", message="没有这项服务"), 404
    subject = question["subject"]
    person = world.find(subject["name"], subject["id_no"])
    fault = world.faults.take("share", service, person.key if person else None, subject["id_no"])
    broken = _broken(fault)
    if broken is not None:
        return broken
    data = REGISTRIES[service](world, person, question["params"]) if person else None
    if fault is not None and fault.kind == "not_found":
        data = None
    status = "unavailable" if fault is not None and fault.kind == "unavailable" else "ok"
    if status == "ok" and data is None:
        status = "not_found"
    return jsonify(
        request_id=question["request_id"],
        status=status,
        as_of=world.now().isoformat(timespec="seconds"),
        data=data if status == "ok" else None,
    )


def _broken(fault: Fault | None) -> Response | None:
    if fault is not None and fault.kind == "down":
        return Response('{"code":"down","message":"服务暂停"}', 503, mimetype="application/json")
    if fault is not None and fault.kind == "bad_answer":
        return Response(
            '{"request_id":"someone-elses","status":"ok","data":[', 200, mimetype="application/json"
        )
    return suffer(fault)

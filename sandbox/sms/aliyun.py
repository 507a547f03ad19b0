"""Aliyun 阿里云短信: the double of dysmsapi.aliyuncs.com, SendSms and QuerySendDetails (2017-05-25)."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Flask, Response, jsonify, request

from sandbox.serving import drop, new_app, suffer
from sandbox.sms.acs3 import AuthFailure, Nonces, verify
from sandbox.sms.lines import ALIYUN
from sandbox.sms.messages import Network
from sandbox.world import World

HTTP_OF = {"InvalidAccessKeyId.NotFound": 404, "InvalidAction.NotFound": 404}
Answer = dict[str, Any]


def aliyun_app(world: World, network: Network) -> Flask:
    """The gateway as a web application: POST /?parameters with x-acs-action."""
    app = new_app(world, ALIYUN.server, __name__)
    nonces = Nonces()

    @app.post("/")
    def call() -> Response | tuple[Response, int]:
        number = str(uuid.uuid4()).upper()
        action = request.headers.get("x-acs-action", "")
        broken = suffer(world.faults.take(ALIYUN.server, action, kinds=("slow", "reset", "html", "http_500")))
        if broken is not None:
            return broken
        try:
            _check(world, nonces)
            answer = _dispatch(world, network, action, request.args)
        except AuthFailure as error:
            refused = {"Code": error.code, "Message": error.message, "RequestId": number}
            return jsonify(refused), HTTP_OF.get(error.code, 400)
        return jsonify({**answer, "RequestId": number})

    return app


def _check(world: World, nonces: Nonces) -> None:
    keys = world.setup.settings[ALIYUN.server]
    verify(
        request.method,
        list(request.args.items(multi=True)),
        dict(request.headers),
        request.get_data(),
        key_id=keys["access_key_id"],
        key_secret=keys["access_key_secret"],
        nonces=nonces,
    )


def _dispatch(world: World, network: Network, action: str, question: Mapping[str, str]) -> Answer:
    if request.headers.get("x-acs-version") != "2017-05-25":
        raise AuthFailure("InvalidVersion", "Specified parameter Version is not valid.")
    if action == "SendSms":
        return send_sms(world, network, question)
    if action == "QuerySendDetails":
        return query_send_details(network, question)
    raise AuthFailure("InvalidAction.NotFound", "Specified api is not found.")


def send_sms(world: World, network: Network, question: Mapping[str, str]) -> Answer:
    """SendSms 发送短信: refusals of the business come under HTTP 200 too."""
    phone = question.get("PhoneNumbers", "").removeprefix("+86")
    ordered = world.faults.take(ALIYUN.server, "SendSms", phone, kinds=("limit", "code"))
    if ordered is not None:
        return _no(str(ordered.args.get("code", "isv.BUSINESS_LIMIT_CONTROL")))
    refusal, template, params = _read(world, network, phone, question)
    if refusal:
        return _no(refusal)
    sign, own = question["SignName"], question.get("OutId", "")
    number = network.accept(ALIYUN, phone, sign, template, params, own)
    late = world.faults.take(ALIYUN.server, "SendSms", kinds=("timeout_after_accept",))
    if late is not None:
        time.sleep(float(late.args.get("seconds", 6)))
        drop()
    return {"Code": "OK", "Message": "OK", "BizId": number}


def _no(code: str) -> Answer:
    return {"Code": code, "Message": code}


def _read(
    world: World, network: Network, phone: str, question: Mapping[str, str]
) -> tuple[str, str, list[str]]:
    """What speaks against a message, its template and the values in the template's order."""
    template = question.get("TemplateCode", "").removeprefix("SMS_")
    names = network.templates.get(template, {}).get("params")
    if not re.fullmatch(r"1[3-9][0-9]{9}", phone):
        return "isv.MOBILE_NUMBER_ILLEGAL", "", []
    if question.get("SignName") != world.setup.settings[ALIYUN.server]["sign_name"]:
        return "isv.SMS_SIGNATURE_ILLEGAL", "", []
    if names is None or not question.get("TemplateCode", "").startswith("SMS_"):
        return "isv.SMS_TEMPLATE_ILLEGAL", "", []
    try:
        values = json.loads(question.get("TemplateParam", ""))
    except ValueError:
        return "isv.INVALID_JSON_PARAM", "", []
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        return "isv.INVALID_JSON_PARAM", "", []
    if not set(names) <= set(values):
        return "isv.TEMPLATE_MISSING_PARAMETERS", "", []
    if any(len(value) > 35 for value in values.values()):
        return "isv.PARAM_LENGTH_LIMIT", "", []
    return "", template, [values[name] for name in names]


def query_send_details(network: Network, question: Mapping[str, str]) -> Answer:
    """QuerySendDetails 查询发送详情: messages to a number on a day, newest first."""
    phone, day = question.get("PhoneNumber", ""), question.get("SendDate", "")
    size, page = int(question.get("PageSize", 0)), int(question.get("CurrentPage", 0))
    if not re.fullmatch(r"\d{8}", day) or not 1 <= size <= 50 or page < 1:
        return _no("isv.INVALID_PARAMETERS")
    reported = {report["sid"]: report for report in network.reports(ALIYUN, phone)}
    wanted = question.get("BizId")
    messages = [
        message
        for message in reversed(network.taken(ALIYUN, phone))
        if message["sent_at"][:10].replace("-", "") == day and wanted in (None, "", message["sid"])
    ]
    shown = messages[(page - 1) * size : page * size]
    details = [_detail(message, reported.get(message["sid"])) for message in shown]
    found = {"SmsSendDetailDTO": details}
    return {"Code": "OK", "Message": "OK", "TotalCount": len(messages), "SmsSendDetailDTOs": found}


def _detail(message: Mapping[str, Any], report: Mapping[str, Any] | None) -> Answer:
    detail = {
        "PhoneNum": message["phone"],
        "Content": message["text"],
        "TemplateCode": f"SMS_{message['template_id']}",
        "OutId": message["session_context"],
        "SendDate": _local(message["sent_at"]),
        "SendStatus": 1,
    }
    if report is not None:
        detail["SendStatus"] = 3 if report["delivered"] else 2
        detail["ErrCode"] = "DELIVERED" if report["delivered"] else "MOBILE_NOT_ON_SERVICE"
        detail["ReceiveDate"] = _local(report["at"])
    return detail


def _local(instant: str) -> str:
    return f"{datetime.fromisoformat(instant):%Y-%m-%d %H:%M:%S}"

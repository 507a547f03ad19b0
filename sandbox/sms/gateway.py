"""Gateway 短信网关: Tencent Cloud's SendSms and PullSmsSendStatusByPhoneNumber (2021-01-11)."""

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
from sandbox.sms.lines import TENCENT
from sandbox.sms.messages import Network
from sandbox.sms.tc3 import AuthFailure, verify
from sandbox.world import World

ISO_CHINA = "CN"


class ApiError(Exception):
    """A call Tencent would answer with Response.Error."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code, self.message = code, message


def gateway_app(world: World, network: Network) -> Flask:
    """The gateway as a web application: POST / with X-TC-Action."""
    app = new_app(world, "sms", __name__)

    @app.post("/")
    def call() -> Response:
        number = str(uuid.uuid4())
        try:
            answer = _dispatch(world, network)
        except (ApiError, AuthFailure) as error:
            answer = {"Error": {"Code": error.code, "Message": error.message}}
        if isinstance(answer, Response):
            return answer
        return jsonify(Response={**answer, "RequestId": number})

    return app


def _dispatch(world: World, network: Network) -> dict[str, Any] | Response:
    action = request.headers.get("X-TC-Action", "")
    broken = suffer(world.faults.take("sms", action, kinds=("slow", "reset", "html", "http_500")))
    if broken is not None:
        return broken
    keys = world.setup.settings["sms"]
    body = request.get_data()
    verify(
        "POST",
        dict(request.headers),
        body,
        secret_id=keys["secret_id"],
        secret_key=keys["secret_key"],
        service="sms",
    )
    if request.headers.get("X-TC-Version") != "2021-01-11":
        raise ApiError("InvalidParameterValue", "X-TC-Version 不支持")
    try:
        question = json.loads(body)
    except ValueError:
        raise ApiError("FailedOperation.JsonParseFail", "请求体解析失败") from None
    if action == "SendSms":
        return send_sms(world, network, question)
    if action == "PullSmsSendStatusByPhoneNumber":
        return pull_status(world, network, question)
    raise ApiError("InvalidAction", "接口不存在")


def send_sms(world: World, network: Network, question: Mapping[str, Any]) -> dict[str, Any]:
    """SendSms 发送短信: a result for every number, always under HTTP 200."""
    keys = world.setup.settings["sms"]
    if question.get("SmsSdkAppId") != keys["app_id"]:
        raise ApiError("UnauthorizedOperation.SdkAppIdIsDisabled", "SdkAppId 不可用")
    numbers = question.get("PhoneNumberSet") or []
    if not 1 <= len(numbers) <= 200:
        raise ApiError("LimitExceeded.PhoneNumberCountLimit", "号码个数超限")
    statuses = [_send_one(world, network, question, number) for number in numbers]
    late = world.faults.take("sms", "SendSms", kinds=("timeout_after_accept",))
    if late is not None:
        time.sleep(float(late.args.get("seconds", 6)))
        drop()
    return {"SendStatusSet": statuses}


def _send_one(world: World, network: Network, question: Mapping[str, Any], number: str) -> dict[str, Any]:
    code, message = _refusal(world, network, question, number)
    serial = ""
    if code == "Ok":
        serial = network.accept(
            TENCENT,
            number.removeprefix("+86"),
            question["SignName"],
            str(question["TemplateId"]),
            [str(value) for value in question.get("TemplateParamSet") or []],
            str(question.get("SessionContext") or ""),
        )
    return {
        "SerialNo": serial,
        "PhoneNumber": number,
        "Fee": 1 if serial else 0,
        "SessionContext": question.get("SessionContext") or "",
        "Code": code,
        "Message": message,
        "IsoCode": ISO_CHINA,
    }


def _refusal(world: World, network: Network, question: Mapping[str, Any], number: str) -> tuple[str, str]:
    limit = world.faults.take("sms", "SendSms", number.removeprefix("+86"), kinds=("limit", "code"))
    if limit is not None:
        default = "LimitExceeded.PhoneNumberThirtySecondLimit"
        return str(limit.args.get("code", default)), "send frequency limit"
    if not re.fullmatch(r"\+861[3-9][0-9]{9}", number):
        return "InvalidParameterValue.IncorrectPhoneNumber", "incorrect phone number"
    if question.get("SignName") != world.setup.settings["sms"]["sign_name"]:
        return "FailedOperation.SignatureIncorrectOrUnapproved", "sign not approved"
    if str(question.get("TemplateId")) not in network.templates:
        return "FailedOperation.TemplateIncorrectOrUnapproved", "template not approved"
    params = [str(value) for value in question.get("TemplateParamSet") or []]
    if network.render(str(question["TemplateId"]), params) is None:
        return "FailedOperation.TemplateParamSetNotMatchApprovedTemplate", "parameters do not match"
    return "Ok", "send success"


def pull_status(world: World, network: Network, question: Mapping[str, Any]) -> dict[str, Any]:
    """PullSmsSendStatusByPhoneNumber 拉取下发状态: what became of messages to one number."""
    begin, end = question.get("BeginTime"), question.get("EndTime") or world.time()
    if not isinstance(begin, int):
        raise ApiError("InvalidParameterValue.BeginTimeVerifyFail", "BeginTime 错误")
    limit, offset = int(question.get("Limit", 0)), int(question.get("Offset", 0))
    if not 1 <= limit <= 100:
        raise ApiError("InvalidParameterValue", "Limit 最大 100")
    phone = str(question.get("PhoneNumber", "")).removeprefix("+86")
    reports = [r for r in network.reports(TENCENT, phone) if begin <= _instant(r) <= end + 1]
    statuses = [_status(phone, report) for report in reports[offset : offset + limit]]
    return {"PullSmsSendStatusSet": statuses}


def _instant(report: Mapping[str, Any]) -> float:
    return datetime.fromisoformat(report["at"]).timestamp()


def _status(phone: str, report: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "UserReceiveTime": int(_instant(report)),
        "CountryCode": "86",
        "SubscriberNumber": phone,
        "PhoneNumber": f"+86{phone}",
        "SerialNo": report["sid"],
        "ReportStatus": "SUCCESS" if report["delivered"] else "FAIL",
        "Description": "DELIVRD" if report["delivered"] else "MK:0001",
        "SessionContext": report["session_context"],
    }

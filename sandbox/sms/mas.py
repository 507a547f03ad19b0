"""Cloud MAS 中国移动云MAS: the double of its HTTP interface, /sms/tmpsubmit and /sms/norsubmit."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, jsonify, request

from sandbox.serving import drop, new_app, suffer
from sandbox.sms.lines import MAS
from sandbox.sms.messages import Network
from sandbox.world import World

SIGNED = {
    "tmpsubmit": ("ecName", "apId", "secretKey", "templateId", "mobiles", "params", "sign", "addSerial"),
    "norsubmit": ("ecName", "apId", "secretKey", "mobiles", "content", "sign", "addSerial"),
}


class No(Exception):
    """A message the platform does not take; its text is rspcod."""


def mas_app(world: World, network: Network) -> Flask:
    """The platform as a web application: POST of JSON in Base64."""
    app = new_app(world, MAS.server, __name__)

    @app.post("/sms/<any(tmpsubmit, norsubmit):call>")
    def submit(call: str) -> Response:
        broken = suffer(world.faults.take(MAS.server, call, kinds=("slow", "reset", "html", "http_500")))
        if broken is not None:
            return broken
        try:
            group = _take(world, network, call, _opened(request.get_data()))
        except No as no:
            return jsonify(msgGroup="", rspcod=str(no), success=False)
        late = world.faults.take(MAS.server, call, kinds=("timeout_after_accept",))
        if late is not None:
            time.sleep(float(late.args.get("seconds", 6)))
            drop()
        return jsonify(msgGroup=group, rspcod="success", success=True)

    return app


def _opened(body: bytes) -> dict[str, str]:
    try:
        message = json.loads(base64.b64decode(body, validate=True).decode("utf-8"))
    except ValueError:
        raise No("InvalidMessage") from None
    if not isinstance(message, dict) or not all(isinstance(value, str) for value in message.values()):
        raise No("InvalidMessage")
    return message


def mac(call: str, message: Mapping[str, str], secret_key: str) -> str:
    """The check sum of a message: its fields and the password in the platform's order, MD5, lower case."""
    known = {**message, "secretKey": secret_key}
    return hashlib.md5("".join(known[name] for name in SIGNED[call]).encode("utf-8")).hexdigest()


def _take(world: World, network: Network, call: str, message: dict[str, str]) -> str:
    keys = world.setup.settings[MAS.server]
    if any(name not in message for name in (*SIGNED[call], "mac") if name != "secretKey"):
        raise No("InvalidMessage")
    if (message["ecName"], message["apId"]) != (keys["ec_name"], keys["ap_id"]):
        raise No("InvalidUsrOrPwd")
    if not hmac.compare_digest(mac(call, message, keys["secret_key"]), message["mac"]):
        raise No("IllegalMac")
    if message["sign"] != keys["sign"]:
        raise No("IllegalSignId")
    phone = message["mobiles"]
    ordered = world.faults.take(MAS.server, call, phone, kinds=("limit", "code"))
    if ordered is not None:
        raise No(str(ordered.args.get("code", "FlowOverLimit")))
    if not re.fullmatch("1[3-9][0-9]{9}", phone):
        raise No("InvalidMobile")
    template, params = _text(network, call, message)
    return network.accept(MAS, phone, world.setup.settings["sms"]["sign_name"], template, params, "")


def _text(network: Network, call: str, message: Mapping[str, str]) -> tuple[str, list[str]]:
    """Template and values; a free text is not approved for this account."""
    if call == "norsubmit":
        raise No("IllegalUseTemplate")
    template = message["templateId"].lstrip("0")
    try:
        params: Any = json.loads(message["params"])
    except ValueError:
        raise No("InvalidMessage") from None
    if not isinstance(params, list) or network.render(template, params) is None:
        raise No("IllegalUseTemplate")
    return template, params

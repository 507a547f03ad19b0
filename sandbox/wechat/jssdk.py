"""JS-SDK: the script a page loads as jweixin.js, and the check behind wx.config."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from pathlib import Path
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, request

from sandbox.wechat.account import Account

SCRIPT = Path(__file__).with_name("static") / "jweixin.js"


def loopback_origin(origin: str) -> bool:
    """Whether a browser origin is a page on this machine."""
    host = urlsplit(origin).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def allow_loopback(response: Response) -> Response:
    """CORS for pages on this machine, with cookies."""
    origin = request.headers.get("Origin", "")
    if origin and loopback_origin(origin):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Credentials"] = "true"
        response.headers["Access-Control-Allow-Headers"] = "Content-Type"
        response.headers["Vary"] = "Origin"
    return response


def blueprint(account: Account) -> Blueprint:
    """/jweixin.js and the signature check it calls."""
    pages = Blueprint("jssdk", __name__)
    pages.after_request(allow_loopback)

    @pages.get("/jweixin.js")
    def script() -> Response:
        text = SCRIPT.read_text("utf-8")
        text = text.replace("__PHONE__", account.world.setup.url("phone"))
        text = text.replace("__WECHAT__", account.world.setup.url("wechat"))
        return Response(text, mimetype="text/javascript", headers={"Cache-Control": "no-store"})

    @pages.route("/sandbox/jssdk/check", methods=["POST", "OPTIONS"])
    def check() -> Response:
        if request.method == "OPTIONS":
            return Response(status=204)
        given = request.get_json()
        return jsonify(errMsg=config_trouble(account, given) or "config:ok")

    return pages


def config_trouble(account: Account, given: dict[str, object]) -> str | None:
    """Why wx.config fails, in jweixin's words, or None."""
    if given.get("appId") != account.keys["appid"]:
        return "config:invalid appid"
    page, own = urlsplit(str(given.get("url"))), urlsplit(account.world.setup.public_base_url)
    if page.netloc != own.netloc:
        return "config:invalid url domain"
    text = (
        f"jsapi_ticket={account.ticket()['ticket']}&noncestr={given.get('nonceStr')}"
        f"&timestamp={given.get('timestamp')}&url={given.get('url')}"
    )
    expected = hashlib.sha1(text.encode()).hexdigest()
    return None if hmac.compare_digest(expected, str(given.get("signature"))) else "config:invalid signature"

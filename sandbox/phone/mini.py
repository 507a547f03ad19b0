"""Mini-program 小程序: what wx.login and the phone-number button give the mini-program on a phone."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from sandbox.phone.lookup import BadOrder, known
from sandbox.phone.phones import Phones
from sandbox.wechat.mini import MiniProgram


def blueprint(phones: Phones) -> Blueprint:
    """The calls a mini-program's script makes on its phone."""
    pages = Blueprint("mini_phone", __name__)
    mini = MiniProgram(phones.account)

    @pages.post("/phone/<key>/mini/login")
    def login(key: str) -> Response:
        return jsonify(errMsg="login:ok", code=mini.login_code(known(phones.world, key)))

    @pages.post("/phone/<key>/mini/phone-number")
    def phone_number(key: str) -> Response:
        return jsonify(errMsg="getPhoneNumber:ok", code=mini.phone_code(known(phones.world, key)))

    @pages.get("/phone/<key>/mini/session")
    def check_session(key: str) -> tuple[Response, int] | Response:
        holds = mini.session_holds(known(phones.world, key))
        return jsonify(errMsg=f"checkSession:{'ok' if holds else 'fail session expired'}", holds=holds)

    @pages.delete("/phone/<key>/mini/session")
    def end_session(key: str) -> Response:
        mini.end_session(known(phones.world, key))
        return jsonify(holds=False)

    @pages.errorhandler(BadOrder)
    def refuse(error: BadOrder) -> tuple[Response, int]:
        return jsonify(error=str(error)), error.status

    return pages

"""Facial verification 微信刷脸: WeChat's own screen on a phone, as wx.requestFacialVerify opens it."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from sandbox.phone.lookup import BadOrder, known
from sandbox.phone.phones import Phones
from sandbox.wechat.verification import FaceVerifications

ACTIONS = ("look", "cancel")


def blueprint(phones: Phones) -> Blueprint:
    """The screen, and what WeChat keeps of it."""
    pages = Blueprint("facial", __name__)
    verifications = FaceVerifications(phones.account)

    @pages.post("/phone/<key>/facial-verify")
    def facial_verify(key: str) -> Response:
        person, wish = known(phones.world, key), request.get_json() or {}
        action = str(wish.get("action", "look"))
        if action not in ACTIONS:
            raise BadOrder(f"action: one of {', '.join(ACTIONS)}")
        camera = phones.camera(person)
        code = verifications.perform(person, str(wish.get("verify_id", "")), camera, action)
        return jsonify(errCode=code, errMsg=f"requestFacialVerify:{'ok' if code == 0 else 'fail'}")

    @pages.get("/control/wechat/verifications")
    def listed() -> Response:
        return jsonify(verifications=verifications.listed())

    @pages.errorhandler(BadOrder)
    def refuse(error: BadOrder) -> tuple[Response, int]:
        return jsonify(error=str(error)), error.status

    return pages

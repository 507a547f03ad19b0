"""Face verification 人脸核身: cityservice/face/identify of the mini-program, and WeChat's own screen on a phone.

Written from the public description of getVerifyId, queryVerifyInfo and wx.requestFacialVerify. Codes of the refusals of
queryverifyinfo are not published; those of the older API are used (docs/sandbox.md).
"""

from __future__ import annotations

import hashlib
import re
import secrets
from base64 import standard_b64encode
from collections.abc import Mapping
from typing import Any

from flask import Blueprint

from sandbox.serving import drop
from sandbox.wechat.account import Account
from sandbox.wechat.answers import Answer, WeChatError, body_json
from sandbox.wechat.api import wechat_view
from sandbox.world import Person

LIFE_S = 3600
SPACE, NUMBERS = "wechat.verify", "wechat.verify_out_seq_no"
OUT_SEQ_NO = re.compile(r"[0-9A-Za-z_-]{5,32}")
ID_NO = re.compile(r"[1-9][0-9]{16}[0-9X]")
PASSED, BAD_PARAM, NO_FACE, OTHER_IDENTITY, OTHER_FACE = 10000, 10001, 10002, 10003, 10004
NO_DEVICE, CANCELLED, NO_CAMERA = 90001, 90002, 90008
UNKNOWN_ID, NOT_YOURS, NOT_DONE, EMPTY = 84001, 84002, 84003, 84006


class FaceVerifications:
    """What WeChat keeps of each verification: who asked, for whom, until when, and how it went."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.world = account.world
        self.store = account.store

    # the server's side

    def get_verify_id(self) -> Answer:
        """POST getverifyid: one verification of one person by one user of the mini-program."""
        body = body_json()
        openid, certificate = body.get("openid"), _certificate(body.get("cert_info"))
        if not OUT_SEQ_NO.fullmatch(str(body.get("out_seq_no", ""))):
            raise WeChatError(47003, "out_seq_no")
        if self.account.mini_person(str(openid)) is None:
            raise WeChatError(40003)
        if not self.store.add_once(NUMBERS, str(body["out_seq_no"]), True):
            raise WeChatError(47003, "out_seq_no used")
        fault = self.world.faults.take("wechat", "getverifyid", openid, kinds=("short_life", "lost_answer"))
        life_s = int(fault.args.get("seconds", 1)) if fault and fault.kind == "short_life" else LIFE_S
        verify_id = secrets.token_urlsafe(48)
        kept = {
            "out_seq_no": body["out_seq_no"],
            "openid": openid,
            **certificate,
            "ends": self.world.time() + life_s,
            "verify_ret": None,
        }
        self.store.put(SPACE, verify_id, kept)
        if fault and fault.kind == "lost_answer":
            drop()
        return {"verify_id": verify_id, "expires_in": life_s}

    def query_verify_info(self) -> Answer:
        """POST queryverifyinfo: the result, for those who know id, number, certificate and user alike."""
        body = body_json()
        kept = self.store.get(SPACE, str(body.get("verify_id", "")))
        if kept is None:
            raise WeChatError(UNKNOWN_ID)
        wanted = {
            "out_seq_no": kept["out_seq_no"],
            "openid": kept["openid"],
            "cert_hash": digest_of(kept),
        }
        if any(body.get(name) != value for name, value in wanted.items()):
            raise WeChatError(NOT_YOURS)
        if kept["verify_ret"] is None:
            raise WeChatError(NOT_DONE)
        return {"verify_ret": kept["verify_ret"]}

    # the phone's side

    def perform(self, person: Person, verify_id: str, camera: Mapping[str, str], action: str) -> int:
        """WeChat's screen on a person's phone; returns the errCode its callback gets."""
        with self.store.locked():
            kept = self.store.get(SPACE, verify_id)
            if kept is None or kept["verify_ret"] is not None or kept["ends"] <= self.world.time():
                return BAD_PARAM
            openid = self.account.mini_openid(person.key)
            fault = self.world.faults.take("wechat", "facial_verify", openid, kinds=("verify_ret",))
            result = int(fault.args["verify_ret"]) if fault else self._seen(kept, openid, camera, action)
            self.store.put(SPACE, verify_id, {**kept, "verify_ret": result, "by": person.key})
        return 0 if PASSED <= result < NO_DEVICE else result  # finished, whatever the comparison said

    def _seen(self, kept: Mapping[str, Any], openid: str, camera: Mapping[str, str], action: str) -> int:
        registered = self.world.find(kept["cert_name"], kept["cert_no"])
        if action == "cancel":
            return CANCELLED
        if camera["mode"] in ("denied", "missing"):
            return NO_CAMERA if camera["mode"] == "denied" else NO_DEVICE
        if openid != kept["openid"] or registered is None:
            return OTHER_IDENTITY
        if camera["mode"] != "live" or not camera["portrait"]:
            return NO_FACE
        return PASSED if camera["portrait"] == face_of(registered) else OTHER_FACE

    def listed(self) -> list[dict[str, Any]]:
        """All verifications, oldest first, for GET /control/wechat/verifications."""
        return [{"verify_id": verify_id, **kept} for verify_id, kept in self.store.items(SPACE)]


def face_of(person: Person) -> str:
    """Whose portrait the authority has of a person."""
    return str(person.record.get("actor") or person.portrait)


def _certificate(given: object) -> dict[str, str]:
    """The three fields of cert_info, or WeChat's refusal."""
    fields = given if isinstance(given, dict) else {}
    kept = {name: str(fields.get(name) or "") for name in ("cert_type", "cert_name", "cert_no")}
    if not all(kept.values()):
        raise WeChatError(EMPTY)
    if kept["cert_type"] != "IDENTITY_CARD" or not ID_NO.fullmatch(kept["cert_no"]):
        raise WeChatError(47003, "cert_info")
    return kept


def digest_of(certificate: Mapping[str, str]) -> str:
    """cert_hash as WeChat describes it: base64 each field, join them as a query, SHA-256 in lower-case hex."""
    joined = b"cert_type=%b&cert_name=%b&cert_no=%b" % tuple(
        standard_b64encode(certificate[name].encode("utf-8"))
        for name in ("cert_type", "cert_name", "cert_no")
    )
    return hashlib.sha256(joined).hexdigest()


def blueprint(account: Account) -> Blueprint:
    """cityservice/face/identify as a Flask blueprint."""
    pages = Blueprint("face_identify", __name__, url_prefix="/cityservice/face/identify")
    verifications = FaceVerifications(account)
    calls = {
        "getverifyid": verifications.get_verify_id,
        "queryverifyinfo": verifications.query_verify_info,
    }
    for path, handler in calls.items():
        view = wechat_view(account, path, handler, needs_token=True, app="mini")
        pages.add_url_rule(f"/{path}", path, view, methods=["POST"])
    return pages

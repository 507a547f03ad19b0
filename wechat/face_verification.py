"""Face verification 微信人脸核身: getverifyid before wx.requestFacialVerify, queryverifyinfo after it.

Pass ⇔ errcode 0 and verify_ret 10000. WeChat compares id, reference, openid and cert_hash and answers an errcode when
one differs. What is not known here does not pass.
"""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from typing import Any

from services.face.ports import Answer, Issued, Subject, VerifierUnavailable
from wechat.client import WeChatClient
from wechat.errors import TRY_LATER, WeChatError, WeChatFailure

GET_VERIFY_ID = "/cityservice/face/identify/getverifyid"
QUERY_VERIFY_INFO = "/cityservice/face/identify/queryverifyinfo"
CERT_TYPE = "IDENTITY_CARD"
PASSED = 10000
_VERIFY_ID = re.compile(r"[!-~]{1,256}")
_REASONS: dict[str, tuple[int, ...]] = {
    "wechat.system": (10001, 90018, 90104, 90105, 90110, 90199),
    "wechat.face_unseen": (10002, 90011, 90013, 90014),
    "wechat.other_identity": (10003,),
    "wechat.other_person": (10004,),
    "wechat.unsupported": (90001, 90109),
    "wechat.cancelled": (90002, 90003, 90004, 90005, 90006),
    "wechat.network": (90007, 90012),
    "wechat.no_camera": (90008, 90009, 90010, 90106),
    "wechat.timeout": (90017, 90107),
}
REASON_OF = {code: reason for reason, codes in _REASONS.items() for code in codes}


class WeChatFaceVerifier:
    """The Verifier of the mini-program; its client has the mini-program's own token."""

    def __init__(self, client: WeChatClient) -> None:
        self._client = client

    def begin(self, reference: str, subject: Subject) -> Issued:
        """Get the verify_id for one verification of this person by this user."""
        certificate = {"cert_type": CERT_TYPE, "cert_name": subject.name, "cert_no": subject.id_no}
        body = {"out_seq_no": reference, "cert_info": certificate, "openid": subject.openid}
        try:
            answer = self._client.post(GET_VERIFY_ID, data=body)
        except WeChatError as failure:
            raise VerifierUnavailable(_code_of(failure)) from None
        verify_id, life_s = answer.get("verify_id"), answer.get("expires_in", 3600)
        if not isinstance(verify_id, str) or not _VERIFY_ID.fullmatch(verify_id) or not _positive(life_s):
            raise VerifierUnavailable("wechat.answer")
        return Issued(verify_id, life_s)

    def ask(self, verify_id: str, reference: str, subject: Subject) -> Answer:
        """How the verification went."""
        body = {
            "verify_id": verify_id,
            "out_seq_no": reference,
            "cert_hash": cert_hash(subject.name, subject.id_no),
            "openid": subject.openid,
        }
        try:
            return _answer(self._client.post(QUERY_VERIFY_INFO, data=body))
        except WeChatFailure as failure:
            later = failure.errcode in TRY_LATER
            return Answer("unavailable" if later else "unclear", code=failure.errcode)
        except WeChatError:
            return Answer("unavailable")


def cert_hash(name: str, id_no: str) -> str:
    """WeChat's digest of a certificate: SHA-256 over its three fields, each in base64."""
    fields = (("cert_type", CERT_TYPE), ("cert_name", name), ("cert_no", id_no))
    text = "&".join(f"{field}={b64encode(value.encode()).decode()}" for field, value in fields)
    return sha256(text.encode()).hexdigest()


def _answer(answer: dict[str, Any]) -> Answer:
    errcode, result = answer.get("errcode"), answer.get("verify_ret")
    if type(errcode) is not int or errcode != 0 or type(result) is not int or not 0 < result < 2**31:
        return Answer("unclear")
    if result == PASSED:
        return Answer("passed", code=result)
    return Answer("failed", REASON_OF.get(result, "wechat.failed"), result)


def _positive(life_s: object) -> bool:
    return type(life_s) is int and 0 < life_s <= 86_400


def _code_of(failure: WeChatError) -> str:
    return f"wechat.{failure.errcode}" if isinstance(failure, WeChatFailure) else "wechat.unreachable"

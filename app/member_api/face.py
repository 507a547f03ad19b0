"""Face 刷脸: a session for one application, by frames in signed batches or by WeChat's own verification; the verdict."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import g, request

from app.http.auth import member_only
from app.http.rate_limit import Limit, hit
from app.member_api.applications import WAIT_MAX_S, wait_for
from app.member_api.face_schemas import (
    FaceSessionIn,
    FaceSessionOut,
    FaceStateOut,
    FramesIn,
    FramesOut,
    ReturnedIn,
)
from app.member_api.reading import base64_bytes, base64url, key_of, path_key, small_int
from app.ports import Ports, ports
from services.core.clock import shanghai_iso
from services.core.db import transaction
from services.core.errors import Conflict
from services.face.challenge import ACTION_COUNT, TEXTS
from services.face.engine.types import Frame
from services.face.methods import method_for
from services.face.models import FaceSession
from services.face.service import BATCH_MAX, SESSION_MAX, Batch
from services.face.tips import tip_for
from services.face.views import key_text, prompt_view
from services.items.strangers import refuse_stranger

blueprint = APIBlueprint("face", __name__, url_prefix="/api/v1", tag="刷脸")
CAPTURE = {
    "width": 480,
    "height": 360,
    "fps": 8,
    "jpeg_quality": 0.8,
    "batch_max": BATCH_MAX,
    "total_max": SESSION_MAX,
}
OPENS = Limit("face_opens", 12, 3600)
RETURNS = Limit("face_returns", 30, 600)
CAMERA_ONLY = ("nonce", "challenge_key", "action_count", "capture", "prompt")


@blueprint.post("/applications/<application_id>/face-sessions")
@blueprint.input(FaceSessionIn, arg_name="body")
@blueprint.output(FaceSessionOut, status_code=201)
@blueprint.doc(
    summary="开始刷脸",
    description=(
        "需要先有刷脸同意书。方式由登录渠道决定：公众号页面用 `camera`，动作一次只给一个；小程序只能用 `wechat`，"
        "拿 `verify_id` 调 wx.requestFacialVerify，回来后调 `/face-sessions/{session_id}/returned`。"
        "别的方式：403 `face.method`；微信没有回应：503 `face.wechat_unavailable`，不算次数。"
    ),
)
@member_only
def open_session(application_id: str, body: FaceSessionIn) -> Any:
    """Open a try for this application, the way this login may."""
    own = ports()
    method = method_for(g.principal.channel, body.method, own.settings.faces_offered)
    hit(OPENS, str(g.account_id))
    consent_id = key_of(body.consent_id, field="consent_id")
    opener = _open_wechat if method == "wechat" else _open_camera
    return opener(own, path_key(application_id), consent_id)


def _open_camera(own: Ports, application_id: UUID, consent_id: UUID) -> dict[str, Any]:
    with transaction(own.sessions) as session:
        operation = own.engine.operation(session, g.account_id, application_id)
        row, key = own.faces.open(session, operation, consent_id, own.engine.policy(session))
        return {
            "session_id": str(row.session_id),
            "method": "camera",
            "nonce": row.nonce,
            "challenge_key": key_text(key),
            "expires_at": shanghai_iso(row.expires_at),
            "action_count": ACTION_COUNT,
            "capture": CAPTURE,
            "prompt": _prompt(row),
            "verify_id": None,
        }


def _open_wechat(own: Ports, application_id: UUID, consent_id: UUID) -> dict[str, Any]:
    own.verifications.settle_earlier(g.account_id)
    with transaction(own.sessions) as session:
        operation = own.engine.operation(session, g.account_id, application_id)
        policy = own.engine.policy(session)
        session_id = own.verifications.open(session, operation, consent_id, policy, g.principal.openid)
    row, verify_id = own.verifications.issue(g.account_id, session_id)
    return {
        **dict.fromkeys(CAMERA_ONLY),
        "session_id": str(session_id),
        "method": "wechat",
        "expires_at": shanghai_iso(row.expires_at),
        "verify_id": verify_id,
    }


def _prompt(row: FaceSession) -> dict[str, Any]:
    prompt = prompt_view(row)
    return {**prompt, "text": TEXTS[prompt["kind"]]}


@blueprint.post("/face-sessions/<session_id>/frames")
@blueprint.input(FramesIn, arg_name="body")
@blueprint.output(FramesOut)
@blueprint.doc(
    summary="上传一批画面",
    description=(
        "每帧 `mac` = HMAC-SHA256(challenge_key, nonce|seq|at_ms|prompt|sha256hex(jpeg))，base64url；"
        "`device_signature` = 绑定手机密钥对 anju-frames-v1|session_id|batch|sha256hex(各 mac 相连) 的 ECDSA P-256 签名（r‖s）。"
    ),
)
@member_only
def add_frames(session_id: str, body: FramesIn) -> Any:
    """Take a batch; answers with the prompt to show from now on."""
    own, key = ports(), path_key(session_id)
    method_for(g.principal.channel, "camera", own.settings.faces_offered)
    _refuse_late(own, g.account_id, key)
    batch = _batch(body)
    with transaction(own.sessions) as session:
        row = own.faces.add(session, g.account_id, key, batch)
        return {"received": row.frame_count, "prompt": _prompt(row), "complete": row.state != "open"}


def _refuse_late(own: Ports, account_id: UUID, key: UUID) -> None:
    with transaction(own.sessions) as session:
        late = own.faces.expire_if_late(session, account_id, key)
    if late:
        raise Conflict("时间到了，这次没有做完。请重新开始。", code="face.session_over")


def _batch(body: FramesIn) -> Batch:
    frames = [Frame(f.seq, f.at_ms, f.prompt, base64_bytes(f.jpeg, field="jpeg")) for f in body.frames]
    macs = [base64url(f.mac, field="mac") for f in body.frames]
    return Batch(body.batch, frames, macs, base64url(body.device_signature, field="device_signature"))


@blueprint.post("/face-sessions/<session_id>/returned")
@blueprint.input(ReturnedIn, arg_name="body")
@blueprint.output(FaceStateOut)
@blueprint.doc(
    summary="微信刷脸回来了",
    description=(
        "wx.requestFacialVerify 结束后调用，成功失败都要调；结果只向微信查询，不看手机的说法。"
        "`judging`：微信还没有给结果，接着查 `/face-sessions/{session_id}`，也可以再调一次。"
    ),
)
@member_only
def returned(session_id: str, body: ReturnedIn) -> Any:
    """The phone is back from WeChat's screen; answers how the try stands once WeChat was asked."""
    own, key = ports(), path_key(session_id)
    method_for(g.principal.channel, "wechat", own.settings.faces_offered)
    hit(RETURNS, str(g.account_id))
    _refuse_late(own, g.account_id, key)
    own.verifications.returned(g.account_id, key, g.principal.openid)
    return _look(own, g.account_id, key), 200, {"X-Poll-After-Ms": "1500"}


@blueprint.get("/face-sessions/<session_id>")
@blueprint.output(FaceStateOut)
@blueprint.doc(summary="刷脸结果", description="`wait_s`（0–20）：等到有结果再返回。")
@member_only
def get_session(session_id: str) -> Any:
    """How the try stands."""
    own, key = ports(), path_key(session_id)
    wait_s = small_int(request.args.get("wait_s", "0"), WAIT_MAX_S, "wait_s")
    view = wait_for(
        lambda: _look(own, g.account_id, key), lambda seen: seen["state"] not in ("open", "judging"), wait_s
    )
    return view, 200, {"X-Poll-After-Ms": "700"}


def _look(own: Ports, account_id: UUID, key: UUID) -> dict[str, Any]:
    with transaction(own.sessions) as session:
        own.faces.expire_if_late(session, account_id, key)
        row, policy = own.faces.read(session, account_id, key), own.engine.policy(session)
        tries_left = own.faces.tries_left(session, account_id, policy)
        if row.state == "failed":
            refuse_stranger(session, account_id, row.application_id, policy, own.clock)
        return {
            "session_id": str(row.session_id),
            "state": row.state,
            "reasons": [_reason(code) for code in row.reasons],
            "tries_left": tries_left,
            "other_ways": [] if tries_left else ["card_sms", "counter"],
            "served_until": shanghai_iso(row.served_until) if row.served_until else None,
            "queue_wait_s": own.faces.queue_wait_s(session, row),
        }


def _reason(code: str) -> dict[str, str]:
    tip = tip_for(code)
    return {"code": code, "text": tip.text, "tip": tip.tip}

"""Shapes 数据结构 of a face session, by our own camera or by WeChat's verification."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StrictInt, StrictStr
from pydantic.config import JsonDict

from app.member_api.shapes import In, Out

_CONSENT = "0193f0a2-5b1e-7c3d-9a44-2f6f0c1d8e01"
_SESSION = "0193f0a2-6c2f-7d4e-8b55-3a7a1d2e9f02"
_CAMERA: JsonDict = {
    "session_id": _SESSION,
    "method": "camera",
    "expires_at": "2026-11-23T10:01:30+08:00",
    "nonce": "9f86d081884c7d659a2feaa0c55ad015",
    "challenge_key": "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg",
    "action_count": 3,
    "capture": {
        "width": 480,
        "height": 360,
        "fps": 8,
        "jpeg_quality": 0.8,
        "batch_max": 10,
        "total_max": 120,
    },
    "prompt": {
        "index": 0,
        "kind": "neutral",
        "text": "请看正前方",
        "hold_ms": 2000,
        "colours": ["green", "red", "blue", "red"],
        "last": False,
    },
    "verify_id": None,
}
_WECHAT: JsonDict = {
    **dict.fromkeys(_CAMERA),
    "session_id": _SESSION,
    "method": "wechat",
    "expires_at": "2026-11-23T10:05:00+08:00",
    "verify_id": "Cc0KpQ0v5bY8m2nXo4wq1A",
}


class CaptureOut(Out):
    """How to capture."""

    width: int
    height: int
    fps: int
    jpeg_quality: float
    batch_max: int
    total_max: int


class PromptOut(Out):
    """What to ask of the member now, and for how long; `colours` light the screen in turn, each for its share of it."""

    index: int
    kind: str
    text: str
    hold_ms: int
    colours: list[Literal["red", "green", "blue"]]
    last: bool


class FaceSessionIn(In):
    """The face consent this try is made under; `method` may be left out, the login decides it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"consent_id": _CONSENT}, {"consent_id": _CONSENT, "method": "wechat"}]
        }
    )

    consent_id: StrictStr = Field(max_length=40)
    method: Literal["camera", "wechat"] | None = None


class FaceSessionOut(Out):
    """A try. `camera`: keys, limits and the first prompt. `wechat`: the id for wx.requestFacialVerify."""

    model_config = ConfigDict(json_schema_extra={"examples": [_CAMERA, _WECHAT]})

    session_id: str
    method: Literal["camera", "wechat"]
    expires_at: str
    nonce: str | None
    challenge_key: str | None
    action_count: int | None
    capture: CaptureOut | None
    prompt: PromptOut | None
    verify_id: str | None


class ReturnedIn(In):
    """Nothing: how it went is asked of WeChat, not of the phone."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})


class FrameIn(In):
    """One picture: milliseconds since prompt 0 was shown, prompt on the screen, JPEG in base64, MAC in base64url."""

    seq: StrictInt = Field(ge=0, le=10_000)
    at_ms: StrictInt = Field(ge=0, le=600_000)
    prompt: StrictInt = Field(ge=0, le=50)
    jpeg: StrictStr = Field(max_length=420_000)
    mac: StrictStr = Field(max_length=64)


class FramesIn(In):
    """A batch of pictures, signed by the phone."""

    batch: StrictInt = Field(ge=0, le=200)
    frames: Annotated[list[FrameIn], Field(min_length=1, max_length=10)]
    device_signature: StrictStr = Field(max_length=120)


class FramesOut(Out):
    """The prompt to show from now on."""

    received: int
    prompt: PromptOut
    complete: bool


class ReasonOut(Out):
    """Why a try failed, and the one tip that would help."""

    code: str
    text: str
    tip: str


class FaceStateOut(Out):
    """How a try stands."""

    session_id: str
    state: Literal["open", "judging", "passed", "failed", "expired", "consumed"]
    reasons: list[ReasonOut]
    tries_left: int
    other_ways: list[Literal["card_sms", "counter"]]
    served_until: str | None
    queue_wait_s: int | None

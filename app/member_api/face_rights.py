"""Face data 我的人脸数据: what is kept and until when, and having it deleted at once."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import g

from app.http.auth import member_only
from app.http.rate_limit import Limit, hit
from app.member_api.face_data_schemas import FaceDataOut, FaceErasedOut
from app.ports import ports
from services.core.clock import shanghai_iso
from services.core.db import transaction
from services.face.rights import FaceData, KeptSession, erase, face_data_of
from services.face.states import FACE_STATES
from services.face.tips import tip_for

blueprint = APIBlueprint("face_rights", __name__, url_prefix="/api/v1", tag="刷脸")
ERASURES = Limit("face_erasures", 10, 3600)
NOTHING_KEPT = "我们没有您的照片，也没有您的人脸特征。"
PHOTOS_GO = "拍的画面得出结果就删除，最长不超过 10 分钟。下面这些最多保留 90 天，您也可以现在就删除。"


@blueprint.get("/face-data")
@blueprint.output(FaceDataOut)
@blueprint.doc(summary="我的人脸数据", description="留了什么、留到哪天；画面只在核验期间存在。")
@member_only
def face_data() -> Any:
    """What is held of the member's face."""
    with transaction(ports().sessions) as session:
        return _view(face_data_of(session, g.account_id))


@blueprint.delete("/face-data")
@blueprint.output(FaceErasedOut)
@blueprint.doc(
    summary="删除我的人脸数据",
    description="进行中的刷脸随之结束；分数、原因、编码和特征立即删除。哪一次通过、为哪笔业务通过，依法保留。",
)
@member_only
def delete_face_data() -> Any:
    """Delete it before its time."""
    own = ports()
    hit(ERASURES, str(g.account_id))
    with transaction(own.sessions) as session:
        return {"erased": erase(session, g.account_id, own.clock.now())}


def _view(held: FaceData) -> dict[str, Any]:
    made_at = held.template_made_at
    return {
        "frames": sum(each.frames for each in held.sessions),
        "template_made_at": shanghai_iso(made_at) if made_at else None,
        "text": PHOTOS_GO if made_at else NOTHING_KEPT + PHOTOS_GO,
        "sessions": [_session(each) for each in held.sessions],
    }


def _session(each: KeptSession) -> dict[str, Any]:
    return {
        "session_id": str(each.session_id),
        "application_id": str(each.application_id),
        "at": shanghai_iso(each.at),
        "state": each.state,
        "state_text": FACE_STATES.labels[each.state],
        "reasons": [tip_for(code).text for code in each.reasons],
        "scores": each.scores,
        "hashes": each.hashes,
        "frames": each.frames,
        "kept_until": shanghai_iso(each.kept_until),
    }

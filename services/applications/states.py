"""States of applications that move no money 非资金类办件状态."""

from __future__ import annotations

from services.core.states import Edge, StateTable

PLAIN_STATES = StateTable(
    "application",
    "submitted",
    {
        "submitted": "已提交",
        "verifying": "待核验",
        "in_review": "审核中",
        "forwarded": "等对方中心",
        "completed": "已办结",
        "refused": "不予办理",
        "expired": "已失效",
        "cancelled": "已撤销",
    },
    (
        Edge("submitted", "require_face", "verifying", "系统"),
        Edge("submitted", "complete", "completed", "系统"),
        Edge("submitted", "require_review", "in_review", "系统"),
        Edge("verifying", "issue", "submitted", "本人"),
        Edge("verifying", "complete", "completed", "系统"),
        Edge("verifying", "require_review", "in_review", "系统"),
        Edge("verifying", "face_failed", "refused", "系统"),
        Edge("verifying", "expire", "expired", "系统"),
        Edge("verifying", "forward", "forwarded", "系统"),
        Edge("in_review", "forward", "forwarded", "工作人员"),
        Edge("forwarded", "progress", "forwarded", "对方中心"),
        Edge("forwarded", "require_review", "in_review", "系统"),
        Edge("forwarded", "complete", "completed", "对方中心"),
        Edge("forwarded", "refuse", "refused", "对方中心"),
        Edge("forwarded", "cancel", "cancelled", "本人"),
        Edge("in_review", "issue", "submitted", "工作人员"),
        Edge("in_review", "complete", "completed", "工作人员"),
        Edge("in_review", "refuse", "refused", "工作人员"),
        Edge("submitted", "cancel", "cancelled", "本人"),
        Edge("verifying", "cancel", "cancelled", "本人"),
        Edge("in_review", "cancel", "cancelled", "本人"),
    ),
)

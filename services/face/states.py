"""States of a face session 刷脸会话状态."""

from __future__ import annotations

from services.core.states import Edge, StateTable

FACE_STATES = StateTable(
    "face_session",
    "open",
    {
        "open": "采集中",
        "judging": "核验中",
        "passed": "通过",
        "failed": "未通过",
        "expired": "已过期",
        "consumed": "已使用",
    },
    (
        Edge("open", "complete", "judging", "本人"),
        Edge("open", "expire", "expired", "系统"),
        Edge("open", "refuse", "failed", "系统"),
        Edge("judging", "pass", "passed", "系统"),
        Edge("judging", "fail", "failed", "系统"),
        Edge("judging", "expire", "expired", "系统"),
        Edge("passed", "consume", "consumed", "本人"),
    ),
)

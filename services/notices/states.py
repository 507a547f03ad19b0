"""States of a notice intent 通知状态."""

from __future__ import annotations

from services.core.states import Edge, StateTable

NOTICE_STATES = StateTable(
    "notice_intent",
    "created",
    {
        "created": "待发送",
        "held": "稍后发送",
        "sending": "发送中",
        "submitted": "已发出",
        "delivered": "已送达",
        "failed": "未送达",
        "uncertain": "不确定",
        "not_subscribed": "未关注",
    },
    (
        Edge("created", "begin", "sending", "系统"),
        Edge("created", "hold", "held", "系统"),
        Edge("created", "drop", "failed", "系统"),
        Edge("created", "unfollow", "not_subscribed", "系统"),
        Edge("held", "begin", "sending", "系统"),
        Edge("held", "hold", "held", "系统"),
        Edge("held", "drop", "failed", "系统"),
        Edge("held", "unfollow", "not_subscribed", "系统"),
        Edge("sending", "submit", "submitted", "服务商"),
        Edge("sending", "refuse", "failed", "服务商"),
        Edge("sending", "unfollow", "not_subscribed", "服务商"),
        Edge("sending", "not_sent", "created", "系统"),
        Edge("sending", "lose", "uncertain", "系统"),
        Edge("sending", "deliver", "delivered", "服务商"),
        Edge("submitted", "deliver", "delivered", "服务商"),
        Edge("submitted", "refuse", "failed", "服务商"),
        Edge("uncertain", "submit", "submitted", "服务商"),
        Edge("uncertain", "deliver", "delivered", "服务商"),
        Edge("uncertain", "refuse", "failed", "服务商"),
        # Receipts come in any order: that the phone has it outweighs that a gateway gave up.
        Edge("failed", "deliver", "delivered", "服务商"),
    ),
)
ENDED = frozenset({"delivered", "failed", "not_subscribed"})
"""Nothing more is done about these; a late receipt may still say that a failed one arrived."""

"""Who may ask for what 访问矩阵: every operation of the member API in one class; a new one fails until it is put here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

PUBLIC = {
    "POST /auth/mini/login",
    "POST /auth/refresh",
    "GET /auth/wechat/callback",
    "GET /auth/wechat/start",
    "GET /client-config",
    "GET /consents/texts/{kind}",
    "GET /jssdk-config",
    "GET /public/announcements",
    "POST /public/certificates/{number}/verify",
    "GET /public/service-points",
}
"""A stranger may ask."""

SIGNED_IN = {
    "POST /auth/logout",
    "POST /bind",
    "POST /bind/mini-phone",
    "POST /bind/sms-code",
    "GET /session",
}
"""A WeChat user may ask who is no member yet."""

MEMBER = {
    "GET /account",
    "GET /account/postings",
    "GET /applications",
    "GET /audit-log",
    "GET /cards",
    "GET /certificates",
    "GET /consents",
    "POST /consents",
    "GET /controls",
    "PUT /controls/limit",
    "POST /controls/lock",
    "DELETE /face-data",
    "GET /face-data",
    "GET /home",
    "GET /items",
    "GET /items/{item}",
    "POST /items/{item}/applications",
    "POST /items/{item}/quote",
    "POST /items/phone-change/codes",
    "GET /loans",
    "GET /notices",
    "POST /notices/consents",
    "POST /notices/read",
    "GET /notices/subscriptions",
    "PUT /notices/subscriptions",
    "GET /relatives",
    "POST /relatives",
    "POST /relatives/accept",
    "DELETE /session/binding",
    "GET /statements",
    "GET /statements/{year}",
    "GET /statements/{year}/pdf",
    "POST /trial/borrowing",
    "POST /trial/loan",
    "GET /trial/loan/terms",
    "POST /trial/withdrawals",
}
"""A bound member may ask, of what is their own; there is no key in the address that could be another's."""

FRAME = {"seq": 0, "at_ms": 0, "prompt": 0, "jpeg": "/9j/", "mac": "AA"}
THINGS: dict[str, dict[str, Any] | None] = {
    "GET /applications/{application_id}": None,
    "POST /applications/{application_id}/cancel": None,
    "POST /applications/{application_id}/card-sms": None,
    "POST /applications/{application_id}/card-sms/confirm": {"challenge_id": "{key}", "code": "123456"},
    "POST /applications/{application_id}/confirm": {"face_session_id": "{session_id}"},
    "GET /applications/{application_id}/documents": None,
    "POST /applications/{application_id}/documents": None,
    "DELETE /applications/{application_id}/documents/{document_id}": None,
    "GET /applications/{application_id}/documents/{document_id}": None,
    "POST /applications/{application_id}/face-sessions": {"consent_id": "{consent_id}"},
    "GET /applications/{application_id}/other-ways": None,
    "GET /applications/{application_id}/rating": None,
    "POST /applications/{application_id}/rating": {"level": 5},
    "POST /applications/{application_id}/rating/more": {"words": "好"},
    "GET /applications/{application_id}/receipt.pdf": None,
    "GET /certificates/{certificate_id}/pdf": None,
    "DELETE /consents/{consent_id}": None,
    "GET /face-sessions/{session_id}": None,
    "POST /face-sessions/{session_id}/frames": {"batch": 0, "frames": [FRAME], "device_signature": "AA"},
    "POST /face-sessions/{session_id}/returned": {},
    "GET /loans/{loan_id}": None,
    "GET /loans/{loan_id}/plan": None,
    "GET /loans/{loan_id}/repayments": None,
    "POST /loans/{loan_id}/trial-prepayment": {"amount_fen": 100_000},
    "DELETE /relatives/{link_id}": None,
    "GET /relatives/{link_id}/cases": None,
}
"""A bound member may ask of their own; each with a sound body. Of another's it is as absent as what is not there."""

_ITEM = re.compile(r"^/items/(?!phone-change/codes)[a-z0-9-]+")


def operations(spec: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Class key, method and path of every operation of the API; all items count as one."""
    for path, methods in spec["paths"].items():
        for method in methods:
            short = _ITEM.sub("/items/{item}", path.removeprefix("/api/v1"))
            yield f"{method.upper()} {short}", method.upper(), path


DESK_OPEN = {"/", "/sign-in", "/sign-in/code", "/sign-out", "/healthz", "/static/<path:filename>"}
DESK_STAFF = {
    "/queue",
    "/cases/<case_no>",
    "/cases/<case_no>/pictures/<uuid:document_id>",
    "/cases/<case_no>/claim",
    "/cases/<case_no>/release",
    "/cases/<case_no>/request",
    "/cases/<case_no>/opinion",
    "/cases/<case_no>/decision",
    "/cases/<case_no>/reveal",
    "/ratings",
    "/ratings/<case_no>",
    "/ratings/<case_no>/take",
    "/ratings/<case_no>/answer",
    "/announcements",
    "/announcements/<uuid:announcement_id>/withdraw",
    "/lock",
    "/counter",
    "/counter/proposals",
    "/counter/<uuid:proposal_id>",
    "/counter/<uuid:proposal_id>/take-back",
    "/counter/<uuid:proposal_id>/decision",
    "/password",
    "/days",
    "/days/<day>",
    "/breaks",
    "/breaks/<uuid:break_id>",
    "/breaks/<uuid:break_id>/take",
    "/breaks/<uuid:break_id>/release",
    "/breaks/<uuid:break_id>/proposal",
    "/breaks/<uuid:break_id>/decision",
    "/suspense",
    "/suspense/<uuid:break_id>",
    "/suspense/<uuid:break_id>/proposal",
    "/suspense/<uuid:break_id>/decision",
}


def desk_path(rule: str) -> str:
    """An address of a page of the desk, with keys of nothing."""
    return _DESK_KEY.sub(lambda found: _DESK_KEYS[found[1]], rule)


_DESK_KEYS = {"uuid:": str(UUID(int=0)), "case_no": "2" * 15, "day": "2026-11-20"}
_DESK_KEY = re.compile(r"<(uuid:|case_no|day)\w*>")

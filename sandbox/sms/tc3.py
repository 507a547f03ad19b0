"""TC3-HMAC-SHA256 签名方法 v3: verifies the signature of a Tencent Cloud API call."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime

AUTHORIZATION = re.compile(
    r"TC3-HMAC-SHA256 Credential=(?P<id>[^/]+)/(?P<day>\d{4}-\d\d-\d\d)/(?P<service>\w+)/tc3_request, ?"
    r"SignedHeaders=(?P<headers>[a-z0-9;-]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)
WINDOW_S = 300


class AuthFailure(Exception):
    """The call is not signed as it must be; `code` is Tencent's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code, self.message = f"AuthFailure.{code}", message


def verify(
    method: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    secret_id: str,
    secret_key: str,
    service: str,
    now: float | None = None,
) -> None:
    """Check one call to `/` without query; raises AuthFailure."""
    headers = {name.lower(): value for name, value in headers.items()}
    found = AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if found is None or found["service"] != service:
        raise AuthFailure("InvalidAuthorization", "Authorization 格式错误")
    if found["id"] != secret_id:
        raise AuthFailure("SecretIdNotFound", "SecretId 不存在")
    signed = found["headers"].split(";")
    if "content-type" not in signed or "host" not in signed:
        raise AuthFailure("InvalidAuthorization", "content-type 与 host 必须参与签名")
    when = headers.get("x-tc-timestamp", "")
    _check_time(when, found["day"], time.time() if now is None else now)
    expected = signature(method, headers, body, signed, when, found["day"], service, secret_key)
    if not hmac.compare_digest(expected, found["signature"]):
        raise AuthFailure("SignatureFailure", "签名错误")


def _check_time(when: str, day: str, now: float) -> None:
    if not re.fullmatch("[0-9]{10}", when) or abs(now - int(when)) > WINDOW_S:
        raise AuthFailure("SignatureExpire", "签名过期")
    if datetime.fromtimestamp(int(when), UTC).strftime("%Y-%m-%d") != day:
        raise AuthFailure("SignatureFailure", "日期与时间戳不一致")


def signature(
    method: str,
    headers: Mapping[str, str],
    body: bytes,
    signed: list[str],
    when: str,
    day: str,
    service: str,
    secret_key: str,
) -> str:
    """The signature such a call must carry."""
    canonical_headers = "".join(f"{name}:{headers.get(name, '').strip().lower()}\n" for name in signed)
    canonical = "\n".join(
        [method, "/", "", canonical_headers, ";".join(signed), hashlib.sha256(body).hexdigest()]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"TC3-HMAC-SHA256\n{when}\n{day}/{service}/tc3_request\n{digest}"
    key = f"TC3{secret_key}".encode()
    for part in (day, service, "tc3_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

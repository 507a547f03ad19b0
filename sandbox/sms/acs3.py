"""ACS3-HMAC-SHA256 阿里云 V3 签名: verifies the signature of an Aliyun call whose parameters are in the query."""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import quote

AUTHORIZATION = re.compile(
    r"ACS3-HMAC-SHA256 Credential=(?P<id>[^,]+),SignedHeaders=(?P<headers>[a-z0-9;-]+),"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)
MUST_BE_SIGNED = (
    "host",
    "x-acs-action",
    "x-acs-content-sha256",
    "x-acs-date",
    "x-acs-signature-nonce",
    "x-acs-version",
)
WINDOW_S = 900


class AuthFailure(Exception):
    """The call is not signed as it must be; `code` is Aliyun's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code, self.message = code, message


class Nonces:
    """Numbers of calls seen; a second call with one is refused."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: set[str] = set()

    def first(self, nonce: str) -> bool:
        """Whether this number is new."""
        with self._lock:
            known = nonce in self._seen
            self._seen.add(nonce)
        return not known


def verify(
    method: str,
    query: Sequence[tuple[str, str]],
    headers: Mapping[str, str],
    body: bytes,
    *,
    key_id: str,
    key_secret: str,
    nonces: Nonces,
    now: float | None = None,
) -> None:
    """Check one call to `/`; raises AuthFailure."""
    headers = {name.lower(): value for name, value in headers.items()}
    found = AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if found is None:
        raise AuthFailure(
            "IncompleteSignature", "The request signature does not conform to Aliyun standards."
        )
    if found["id"] != key_id:
        raise AuthFailure("InvalidAccessKeyId.NotFound", "Specified access key is not found.")
    signed = found["headers"].split(";")
    if signed != sorted(signed) or not set(MUST_BE_SIGNED) <= set(signed):
        raise AuthFailure("IncompleteSignature", "A header that must be signed is not.")
    if headers.get("x-acs-content-sha256") != hashlib.sha256(body).hexdigest():
        raise AuthFailure("SignatureDoesNotMatch", "x-acs-content-sha256 is not the body's.")
    _check_time(headers.get("x-acs-date", ""), time.time() if now is None else now)
    if not hmac.compare_digest(signature(method, query, headers, signed, key_secret), found["signature"]):
        raise AuthFailure("SignatureDoesNotMatch", "Specified signature is not matched with our calculation.")
    if not nonces.first(headers["x-acs-signature-nonce"]):
        raise AuthFailure("SignatureNonceUsed", "Specified signature nonce was used already.")


def _check_time(date: str, now: float) -> None:
    try:
        at = datetime.strptime(date, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise AuthFailure("InvalidTimeStamp.Format", "x-acs-date is not well formed.") from None
    if abs(now - at.timestamp()) > WINDOW_S:
        raise AuthFailure("InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")


def signature(
    method: str,
    query: Sequence[tuple[str, str]],
    headers: Mapping[str, str],
    signed: Sequence[str],
    key_secret: str,
) -> str:
    """The signature such a call must carry; the body counts by its hash in the headers."""
    pairs = sorted((quote(name, safe="~"), quote(value, safe="~")) for name, value in query)
    canonical = "\n".join(
        [
            method,
            "/",
            "&".join(f"{name}={value}" for name, value in pairs),
            "".join(f"{name}:{headers.get(name, '').strip()}\n" for name in signed),
            ";".join(signed),
            headers.get("x-acs-content-sha256", ""),
        ]
    )
    text = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    return hmac.new(key_secret.encode(), text.encode(), hashlib.sha256).hexdigest()

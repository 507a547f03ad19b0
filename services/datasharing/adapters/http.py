"""HTTP exchange 数据共享交换平台: questions signed with HMAC-SM3, answers checked before they are believed."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import requests
from cryptography.hazmat.primitives.hashes import SM3
from cryptography.hazmat.primitives.hmac import HMAC

from services.core.clock import Clock
from services.core.errors import Malformed
from services.core.strict_json import loads
from services.datasharing.ports import ShareAnswer, ShareRequest

log = logging.getLogger(__name__)
TIMEOUT_S = (3, 5)
ANSWER_LIMIT = 256 * 1024


@dataclass(frozen=True, slots=True)
class ShareConfig:
    """Where the exchange is and who we are to it."""

    base_url: str
    centre_id: str
    key: str = field(repr=False)


_YEARS = range(2000, 2200)


class _Unusable(Exception):
    """The answer cannot be used; the text names why, without personal data."""


class HttpSharingGateway:
    """SharingGateway over HTTPS; trouble of any kind is the answer `unavailable`."""

    def __init__(self, config: ShareConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock

    def ask(self, service: str, request: ShareRequest) -> ShareAnswer:
        """Ask one service once."""
        try:
            return _read(self._post(service, _body(request)), request.request_id)
        except (requests.RequestException, _Unusable) as error:
            reason = str(error) if isinstance(error, _Unusable) else type(error).__name__
            log.warning("data sharing unavailable: service=%s reason=%s", service, reason)
            return ShareAnswer("unavailable", self._clock.now(), {})

    def _post(self, service: str, body: bytes) -> bytes:
        with requests.Session() as session:
            session.trust_env = False
            url = f"{self._config.base_url}/share/v1/{service}"
            with session.post(
                url,
                data=body,
                headers=self._headers(service, body),
                timeout=TIMEOUT_S,
                allow_redirects=False,
                stream=True,
            ) as response:
                if response.status_code != 200:
                    raise _Unusable(f"status {response.status_code}")
                return _bounded(response)

    def _headers(self, service: str, body: bytes) -> dict[str, str]:
        time, nonce = str(int(self._clock.now().timestamp())), secrets.token_hex(16)
        return {
            "Content-Type": "application/json; charset=utf-8",
            "X-Share-Centre": self._config.centre_id,
            "X-Share-Time": time,
            "X-Share-Nonce": nonce,
            "X-Share-Sign": share_signature(self._config.key, time, nonce, service, body),
        }


def share_signature(key: str, time: str, nonce: str, service: str, body: bytes) -> str:
    """HMAC-SM3 over time, nonce, service and body, in hex."""
    mac = HMAC(key.encode(), SM3())
    mac.update(f"{time}\n{nonce}\n{service}\n".encode() + body)
    return mac.finalize().hex()


def _body(request: ShareRequest) -> bytes:
    question = {
        "request_id": request.request_id,
        "case_id": request.case_id,
        "purpose": request.purpose,
        "consent_id": request.consent_id,
        "subject": {"name": request.name, "id_no": request.id_no},
        "params": dict(request.params),
    }
    return json.dumps(question, ensure_ascii=False).encode()


def _bounded(response: requests.Response) -> bytes:
    content = bytearray()
    for chunk in response.iter_content(16 * 1024):
        content += chunk
        if len(content) > ANSWER_LIMIT:
            raise _Unusable("answer too long")
    return bytes(content)


def _read(content: bytes, request_id: str) -> ShareAnswer:
    try:
        answer = loads(content)
    except Malformed as fault:
        raise _Unusable(f"answer is not JSON as agreed: {fault.code}") from None
    if answer.get("request_id") != request_id:
        raise _Unusable("answer to another question")
    status, data = answer.get("status"), answer.get("data")
    if status not in ("ok", "not_found", "unavailable"):
        raise _Unusable("status unknown")
    if status == "ok" and not isinstance(data, dict):
        raise _Unusable("data missing")
    return ShareAnswer(status, _instant(answer.get("as_of")), _data(data))


def _data(data: Any) -> Mapping[str, Any]:
    return data if isinstance(data, dict) else {}


def _instant(text: object) -> datetime:
    try:
        instant = datetime.fromisoformat(str(text))
    except ValueError:
        raise _Unusable("as_of unreadable") from None
    if instant.tzinfo is None:
        raise _Unusable("as_of without zone")
    if instant.year not in _YEARS:  # at the calendar's ends it would have no date in another zone
        raise _Unusable("as_of out of this time")
    return instant

"""China Mobile cloud MAS 中国移动云MAS: one of the providers behind the channel `sms`, over plain HTTP.

There is no SDK and no public manual; fields, mac and codes are those that public clients of the interface agree on
(docs/sms.md says what is assumed). Nobody can be asked what became of a message: only its receipt tells.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import requests

from services.notices.adapters.sms_failures import MAS, failure, network_failure
from services.notices.adapters.sms_parameters import filled, template_id
from services.notices.ports import Fate, OutgoingNotice, Submitted, Uncertain

TIMEOUT_S = (3.0, 5.0)
ANSWER_LIMIT = 64 * 1024
PROVIDER = "mas"


@dataclass(frozen=True, slots=True)
class MasSmsConfig:
    """Interface user 接口账号 of the company, signature code 签名编码 and approved templates by logical name."""

    base_url: str
    ec_name: str
    ap_id: str
    secret_key: str = field(repr=False)
    sign: str = ""
    add_serial: str = ""
    template_ids: Mapping[str, str] = field(default_factory=dict)
    ca_file: str | None = None


class MasSmsChannel:
    """Sends by template (/sms/tmpsubmit); the platform's number for it is msgGroup."""

    name = "sms"
    provider = PROVIDER

    def __init__(self, config: MasSmsConfig) -> None:
        self._config = config

    def send(self, notice: OutgoingNotice) -> Submitted:
        """Submit one message to one number."""
        body = self._body(
            template_id(self._config.template_ids, notice, PROVIDER), notice.recipient, filled(notice)
        )
        try:
            status, answer = self._post(body)
        except requests.RequestException as error:
            raise network_failure(PROVIDER, error) from None
        if status != 200 or not isinstance(answer, dict) or not isinstance(answer.get("rspcod"), str):
            raise Uncertain(f"{PROVIDER}.answer_unreadable")
        if answer.get("success") is not True:
            raise failure(MAS, PROVIDER, answer["rspcod"])
        # The manual writes msgGroup in one place and mgsGroup in another.
        group = answer.get("msgGroup") or answer.get("mgsGroup")
        if not group:
            raise Uncertain(f"{PROVIDER}.answer_unreadable")
        return Submitted(PROVIDER, str(group))

    def look_up(self, notice: OutgoingNotice, provider_ref: str | None, sent_at: datetime) -> Fate:
        """There is nothing to ask with: a message with a reference waits for its receipt, another stays uncertain."""
        return "pending" if provider_ref else "unknown"

    def _body(self, template: str, phone: str, fields: Mapping[str, str]) -> bytes:
        config = self._config
        params = json.dumps(list(fields.values()), ensure_ascii=False, separators=(",", ":"))
        # The order is the platform's.
        signed = (config.ec_name, config.ap_id, config.secret_key, template, phone, params, config.sign)
        mac = hashlib.md5("".join((*signed, config.add_serial)).encode(), usedforsecurity=False).hexdigest()
        message = {
            "ecName": config.ec_name,
            "apId": config.ap_id,
            "templateId": template,
            "mobiles": phone,
            "params": params,
            "sign": config.sign,
            "addSerial": config.add_serial,
            "mac": mac,
        }
        return base64.b64encode(json.dumps(message, ensure_ascii=False).encode())

    def _post(self, body: bytes) -> tuple[int, Any]:
        """One call without proxy, redirect or second try; what is not JSON is None."""
        with requests.Session() as session:
            session.trust_env = False
            response = session.post(
                f"{self._config.base_url.rstrip('/')}/sms/tmpsubmit",
                data=body,
                headers={"Content-Type": "text/plain; charset=UTF-8", "Connection": "close"},
                timeout=TIMEOUT_S,
                allow_redirects=False,
                verify=self._config.ca_file or True,
                stream=True,
            )
            text = response.raw.read(ANSWER_LIMIT, decode_content=True)
            try:
                return response.status_code, json.loads(text)
            except (ValueError, RecursionError):
                return response.status_code, None

"""Production 生产环境: what the defaults of development would hide there, besides the sandbox's own values."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

OWN_KEYS = ("jwt_member", "jwt_staff", "field_key", "lookup_key", "certificate_key")
TO_BE_SAID = (
    "sms_sign_name",
    "share_centre_id",
    "city_code",
    "bdc_host",
    "bdc_port",
    "bdc_notice_port",
    "bdc_node",
    "bdc_bank_node",
    "bdc_pay_account_name",
    "bdc_pay_bank_code",
    "bdc_pay_bank_name",
)
"""The defaults are the model city's, or a tunnel's on this machine: they may be right, and are not taken in silence."""
_ROLES = {
    "database_web_url": "anju_web",
    "database_face_url": "anju_face",
    "database_owner_url": "anju_owner",
}
_HERE = ("", "localhost", "127.0.0.1", "::1")
_CHECKED = ("verify-ca", "verify-full")
_KEY = re.compile(r"[0-9a-fA-F]{64}")


def unsaid(settings: Any) -> Iterator[str]:
    """Settings that have to be written down."""
    for name in TO_BE_SAID:
        if name not in settings.model_fields_set:
            yield f"ANJU_{name.upper()} must be written down, though it be the default"


def other_roles(settings: Any) -> Iterator[str]:
    """Addresses of the database that bear another role than the one whose rights they are for."""
    for name, role in _ROLES.items():
        url = getattr(settings, name).get_secret_value()
        if url and urlsplit(url).username != role:
            yield f"ANJU_{name.upper()} must be of the role {role}"


def open_lines(settings: Any) -> Iterator[str]:
    """Addresses of a database on another machine to which the driver would also talk in the clear, or to anybody."""
    for name in ("database_url", *_ROLES):
        url = getattr(settings, name).get_secret_value()
        words = parse_qs(urlsplit(url).query)
        if _is_away(url, words.get("host", [])) and words.get("sslmode", [""])[-1] not in _CHECKED:
            yield f"{_variable(name)} leads to another machine and must end in sslmode=verify-full"


def _is_away(url: str, named: list[str]) -> bool:
    hosts = [urlsplit(url).hostname or "", *(host.partition(":")[0] for host in named)]
    return any(host not in _HERE and not host.startswith("/") for host in hosts)


def _variable(name: str) -> str:
    return "DATABASE_URL" if name == "database_url" else f"ANJU_{name.upper()}"


def key_fault(name: str, text: str) -> str | None:
    """What is wrong with the text of a secret file."""
    if not text:
        return f"secret file is empty: {name}"
    if name in OWN_KEYS and _KEY.fullmatch(text) is None:
        return f"secret file must hold 64 hex digits: {name}"
    return None


def debugging() -> Iterator[str]:
    """Flask reads this variable by itself."""
    if os.environ.get("FLASK_DEBUG", "0").lower() not in ("", "0", "false", "no"):
        yield "FLASK_DEBUG must not be set"

"""Places of the catalogue that need a seal: tokens of ours and callbacks of WeChat, right but for what a row says."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from werkzeug.test import TestResponse

from sandbox.wechat import envelope
from tests.catalogue.rows import Row, as_bytes
from tests.catalogue.scene import Scene
from tests.support.domain.world import Member
from wechat.config import CallbackConfig

_INNER = (
    "<xml><ToUserName>{original_id}</ToUserName><FromUserName>oA</FromUserName>"
    "<CreateTime>1790000000</CreateTime><MsgType>event</MsgType><Event>unsubscribe</Event></xml>"
)
_TIMES = ("exp", "nbf", "iat")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def claims_of(member: Member, changes: dict[str, Any]) -> dict[str, Any]:
    """The claims of an access token of ours, some of them changed; numbers of times count from now."""
    now = int(datetime.now(UTC).timestamp())
    sid = str(member.session_id)
    claims: dict[str, Any] = {"sub": sid, "sid": sid, "jti": str(uuid4()), "csrf": str(uuid4())}
    claims |= {"type": "access", "use": "access", "fresh": False, "aud": "anju-member", "iss": "anju"}
    claims |= {"iat": now, "nbf": now, "exp": now + 300}
    for name, value in changes.items():
        counted = name in _TIMES and isinstance(value, int) and value < 2**40
        claims[name] = now + value if counted else value
    return claims


def _part(value: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _sign(key: str | bytes, text: str, algorithm: str) -> str:
    """By hand: the library would refuse some of the keys that attackers use."""
    raw = key.encode() if isinstance(key, str) else key
    digest = hmac.new(raw, text.encode(), algorithm.lower().replace("hs", "sha")).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def token_of(key: str, member: Member, algorithm: str = "HS256", **changes: Any) -> str:
    """A whole token made by hand."""
    text = f"{_part({'alg': algorithm, 'typ': 'JWT'})}.{_part(claims_of(member, changes))}"
    return f"{text}.{_sign(key, text, algorithm)}"


def token(scene: Scene, row: Row) -> TestResponse:
    """A request with a token in its header, or elsewhere."""
    header = row.get("header", "Bearer " + row.get("text", "{token}"))
    parts = _token_parts(scene, row)
    for name, value in parts.items():
        header = header.replace(name, value)
    query = row.get("query", "").replace("{token}", parts["{token}"])
    headers = {"Authorization": header} if header else {}
    return scene.client.get("/api/v1/session", query_string=query, headers=headers)


def _token_parts(scene: Scene, row: Row) -> dict[str, str]:
    own = scene.world.product.settings.secret("jwt_member")
    key = row.get("key", own)
    key = scene.world.product.settings.secret("jwt_staff") if key == "staff" else key
    claims = claims_of(scene.member, row.get("claims", {}))
    claims.pop(row.get("drop", ""), None)
    algorithm = row.get("algorithm", "HS256")
    head, payload = _part({"alg": algorithm, "typ": "JWT"}), _part(claims)
    signature = _sign(key, f"{head}.{payload}", algorithm)
    made = f"{head}.{payload}.{signature}"
    head = _part(row["head"]) if "head" in row else head
    last = _LETTERS[_LETTERS.index(signature[-1]) ^ 1]
    return {
        "{token}": made,
        "{head}": head,
        "{payload}": payload,
        "{signature}": signature,
        "{signature_cut}": signature[:-4],
        "{signature_last}": signature[:-1] + last,
        "{other}": _part(claims_of(scene.free, {})),
        "{sign}": _sign(key, f"{head}.{payload}", algorithm),
    }


def callback(scene: Scene, row: Row) -> TestResponse:
    """A push of WeChat, sealed."""
    config = _sealed_by(scene, row)
    inner = _inner(row, config)
    when = str(int(scene.world.clock.now().timestamp()) + row.get("when", 0))
    encrypted = envelope.encrypt(config.aes_key, config.appid, inner)
    query = {
        "timestamp": when,
        "nonce": "n1",
        "encrypt_type": "aes",
        "msg_signature": envelope.sign(config.token, when, "n1", encrypted),
        "openid": "oA",
    }
    body = as_bytes(row["body"].replace("{inner}", inner)) if "body" in row else None
    return scene.client.post(
        row.get("path", "/webhooks/wechat"),
        query_string=_query(row, query, config),
        data=f"<xml><Encrypt>{encrypted}</Encrypt></xml>".encode() if body is None else body,
        headers={"Content-Type": "text/xml"} | row.get("headers", {}),
    )


def _sealed_by(scene: Scene, row: Row) -> CallbackConfig:
    config = scene.world.product.ports().wechat_callback_configs[row.get("by", "account")]
    return replace(config, **{name: row[name] for name in ("appid", "aes_key") if name in row})


def _inner(row: Row, config: CallbackConfig) -> str:
    inner = row.get("inner", "{inner}").replace("{inner}", _INNER)
    old, new = row.get("swap", ("", ""))
    inner = inner.replace(old, new) if old else inner
    return inner.replace("{original_id}", config.original_id)


def _query(row: Row, query: dict[str, str], config: CallbackConfig) -> Any:
    query |= row.get("query", {})
    query.pop(row.get("drop", ""), None)
    signature = query.get("msg_signature", "")
    if "shifted" in row:  # the same signed text, cut elsewhere
        query |= {"timestamp": query["timestamp"] + "1", "nonce": query["nonce"][:-1] + "x"}
    if "upper" in row:
        query["msg_signature"] = signature.upper().replace("0", "A")
    if "newline" in row:
        query["msg_signature"] = signature + "\n"
    if "plain" in row:
        query["signature"] = envelope.sign(config.token, query["timestamp"], "n1")
    if "twice" in row:
        return [*query.items(), (row["twice"], query[row["twice"]])]
    return query

"""WeChat conformance 微信一致性: every published vector against this code; the last line is {"vectors": N, "ok": N}."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from wechat import callbacks, replies
from wechat.callbacks import CallbackRefused, verify_and_decrypt, verify_echo
from wechat.config import CallbackConfig
from wechat.jssdk import signature
from wechat.mini_program import login_state_signature
from wechat.user_data import BadUserData, decrypt_user_data, raw_data_holds, raw_data_signature

VECTORS_FILE = Path(__file__).with_name("wechat_vectors.toml")
Vector = Mapping[str, Any]
XML = {"Content-Type": "text/xml"}
OTHER_APP = "wx0000000000000000"


def read_vectors(path: Path = VECTORS_FILE) -> dict[str, Vector]:
    """The vectors by number."""
    return tomllib.loads(path.read_text("utf-8"))


def _config(vector: Vector) -> CallbackConfig:
    names = ("appid", "original_id", "token", "aes_key")
    return CallbackConfig(*(str(vector.get(name, "A" * 43)) for name in names))


def _at(vector: Vector) -> datetime:
    return datetime.fromtimestamp(int(vector["timestamp"]), UTC)


def _refuses(refusal: type[Exception], call: Callable[[], object]) -> bool:
    with suppress(refusal):
        call()
        return False
    return True


def url_verification(vector: Vector) -> bool:
    """The echo comes back; with another nonce it does not."""
    config, query = (
        _config(vector),
        {name: vector[name] for name in ("signature", "timestamp", "nonce", "echostr")},
    )
    changed = {**query, "nonce": "1" + vector["nonce"]}
    return verify_echo(query, config, _at(vector)) == vector["echostr"] and _refuses(
        CallbackRefused, lambda: verify_echo(changed, config, _at(vector))
    )


def query_signature(vector: Vector) -> bool:
    """The signature of the query, as the check of an address uses it."""
    query = {name: vector[name] for name in ("signature", "timestamp", "nonce")}
    return verify_echo({**query, "echostr": "1"}, _config(vector), _at(vector)) == "1"


def decrypt(vector: Vector) -> bool:
    """The message inside; for another app there is none."""
    config = _config(vector)
    other = replace(config, appid=OTHER_APP)
    sealed = callbacks.signed(config, vector["timestamp"], vector["nonce"], vector["encrypt"])
    return (
        sealed == vector["msg_signature"]
        and callbacks.decrypt(vector["encrypt"], config).decode() == vector["message"]
        and _refuses(CallbackRefused, lambda: callbacks.decrypt(vector["encrypt"], other))
    )


def encrypt(vector: Vector) -> bool:
    """The reply, byte for byte under the published salt."""
    config = _config(vector)
    with patch.object(replies._Crypto, "get_random_string", lambda self: vector["salt"].encode()):
        encrypted = replies.encrypt(vector["message"], config)
    sealed = replies.sign(encrypted, config, vector["nonce"], vector["timestamp"])
    return (
        encrypted == vector["encrypt"] and f"<![CDATA[{vector['msg_signature']}]]></MsgSignature>" in sealed
    )


def message(vector: Vector) -> bool:
    """A push as it arrives, down to who wrote what."""
    query = {name: vector[name] for name in ("timestamp", "nonce", "msg_signature")} | {"encrypt_type": "aes"}
    body = (
        f"<xml><ToUserName>{vector['original_id']}</ToUserName><Encrypt>{vector['encrypt']}</Encrypt></xml>"
    )
    found = verify_and_decrypt(query, XML, body.encode(), _config(vector), _at(vector))
    told = (found.openid, found.kind, found.content, found.fields["MsgId"])
    return told == (vector["openid"], "text", vector["content"], vector["msg_id"])


def js_sdk(vector: Vector) -> bool:
    """What wx.config is given."""
    made = signature(vector["ticket"], vector["noncestr"], vector["timestamp"], vector["url"])
    return bool(made == vector["signature"])


def raw_data(vector: Vector) -> bool:
    """The signature of rawData, and not of a changed one."""
    raw, key = vector["raw_data"], vector["session_key"]
    changed = raw.replace("Guangzhou", "Zhuzhou")
    return raw_data_signature(raw, key) == vector["signature"] and not raw_data_holds(
        changed, vector["signature"], key
    )


def user_data(vector: Vector) -> bool:
    """Who is inside encryptedData, and nobody for another app."""
    sealed = (vector["encrypted"], vector["iv"], vector["session_key"])
    found = decrypt_user_data(*sealed, vector["appid"])
    return (found["openId"], found["watermark"]["timestamp"]) == (vector["openid"], vector["timestamp"]) and (
        _refuses(BadUserData, lambda: decrypt_user_data(*sealed, OTHER_APP))
    )


def login_state(vector: Vector) -> bool:
    """HMAC-SHA256 under the session key."""
    return bool(login_state_signature(vector["session_key"], vector["message"]) == vector["signature"])


CHECKS: Mapping[str, Callable[[Vector], bool]] = {
    check.__name__: check
    for check in (
        url_verification,
        query_signature,
        decrypt,
        encrypt,
        message,
        js_sdk,
        raw_data,
        user_data,
        login_state,
    )
}


def holds(vector: Vector) -> bool:
    """Whether the code agrees with one vector; an exception is a no."""
    try:
        return CHECKS[vector["check"]](vector)
    except Exception:
        return False


def main() -> int:
    """Print each vector and the count; exit code 0 only when all hold."""
    vectors = read_vectors()
    ok = 0
    for number, vector in vectors.items():
        good = holds(vector)
        ok += good
        print(f"{number}  {'ok    ' if good else 'failed'}  {vector['what']} ({vector['source']})")
    print(json.dumps({"vectors": len(vectors), "ok": ok}))
    return 0 if ok == len(vectors) > 0 else 1


if __name__ == "__main__":
    sys.exit(main())

"""Vectors WeChat published (developer pages and sample code), against the product and against the sandbox's double."""

from datetime import UTC, datetime

import pytest

from sandbox.wechat import envelope
from wechat import callbacks, replies
from wechat.callbacks import CallbackRefused, verify_and_decrypt, verify_echo
from wechat.config import CallbackConfig
from wechat.jssdk import signature

PAGE_KEY = "A" * 43
PAGE = CallbackConfig("wxba5fad812f8e6fb9", "gh_97417a04a28d", "AAAAA", PAGE_KEY)
PAGE_ENCRYPT = (
    "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6Js"
    "XUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8Ea"
    "jAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04="
)
PAGE_MESSAGE = (
    '{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY","CreateTime":1714112445,'
    '"MsgType":"event","Event":"debug_demo","debug_str":"hello world"}'
)
SAMPLE = CallbackConfig(
    "wx2c2769f8efd9abc2", "gh_10f6c3c3ac5a", "spamtest", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
)
SAMPLE_ENCRYPT = (
    "hyzAe4OzmOMbd6TvGdIOO6uBmdJoD0Fk53REIHvxYtJlE2B655HuD0m8KUePWB3+LrPXo87wzQ1QLvbeUgmBM4x6F8PGHQHFVAFmOD2LdJF9F"
    "rXpbUAh0B5GIItb52sn896wVsMSHGuPE328HnRGBcrS7C41IzDWyWNlZkyyXwon8T332jisa+h6tEDYsVticbSnyU8dKOIbgU6ux5VTjg3yt+"
    "WGzjlpKn6NPhRjpA912xMezR4kw6KWwMrCVKSVCZciVGCgavjIQ6X8tCOp3yZbGpy0VxpAe+77TszTfRd5RJSVO/HTnifJpXgCSUdUue1v6h0"
    "EIBYYI1BD1DlD+C0CR8e6OewpusjZ4uBl9FyJvnhvQl+q5rv1ixrcpCumEPo5MJSgM9ehVsNPfUM669WuMyVWQLCzpu9GhglF2PE="
)
XML = {"Content-Type": "text/xml"}


def _at(timestamp: int) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)


def test_a1_url_verification() -> None:
    query = {
        "signature": "f464b24fc39322e44b38aa78f5edd27bd1441696",
        "timestamp": "1714036504",
        "nonce": "1514711492",
        "echostr": "4375120948345356249",
    }
    assert verify_echo(query, PAGE, _at(1714036504)) == "4375120948345356249"
    with pytest.raises(CallbackRefused, match="stale"):
        verify_echo(query, PAGE, _at(1714036504 + 301))
    with pytest.raises(CallbackRefused, match="signature"):
        verify_echo({**query, "nonce": "1514711493"}, PAGE, _at(1714036504))


@pytest.mark.parametrize(
    ("timestamp", "nonce", "expected"),
    [
        ("1714037059", "486452656", "899cf89e464efb63f54ddac96b0a0a235f53aa78"),
        ("1714112445", "415670741", "6c5c811b55cc85e0e1b54100749188c20beb3f5d"),
    ],
    ids=["a2 plain push", "a3 safe-mode request"],
)
def test_a2_a3_signatures_of_the_query(timestamp: str, nonce: str, expected: str) -> None:
    assert envelope.sign("AAAAA", timestamp, nonce) == expected


def test_b1_decrypt() -> None:
    assert callbacks.decrypt(PAGE_ENCRYPT, PAGE).decode() == PAGE_MESSAGE
    assert envelope.decrypt(PAGE_KEY, PAGE.appid, PAGE_ENCRYPT) == PAGE_MESSAGE
    assert (
        envelope.sign("AAAAA", "1714112445", "415670741", PAGE_ENCRYPT)
        == "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3"
    )


def test_b1_refuses_another_appid() -> None:
    stranger = CallbackConfig("wx0000000000000000", PAGE.original_id, PAGE.token, PAGE_KEY)
    with pytest.raises(CallbackRefused, match="appid"):
        callbacks.decrypt(PAGE_ENCRYPT, stranger)
    with pytest.raises(envelope.BadEnvelope):
        envelope.decrypt(PAGE_KEY, "wx0000000000000000", PAGE_ENCRYPT)


def test_b2_encrypt(monkeypatch: pytest.MonkeyPatch) -> None:
    answer, salt = '{"demo_resp":"good luck"}', b"707722b803182950"
    expected = "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
    assert envelope.encrypt(PAGE_KEY, PAGE.appid, answer, salt) == expected
    monkeypatch.setattr(replies._Crypto, "get_random_string", lambda self: salt)
    sealed = replies.sign(replies.encrypt(answer, PAGE), PAGE, "415670741", "1713424427")
    assert f"<Encrypt><![CDATA[{expected}]]></Encrypt>" in sealed
    assert "<![CDATA[1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1]]></MsgSignature>" in sealed


def test_c1_sample_code_message() -> None:
    query = {
        "timestamp": "1409735669",
        "nonce": "1320562132",
        "encrypt_type": "aes",
        "msg_signature": "5d197aaffba7e9b25a30732f161a50dee96bd5fa",
    }
    body = f"<xml><ToUserName><![CDATA[gh_10f6c3c3ac5a]]></ToUserName><Encrypt><![CDATA[{SAMPLE_ENCRYPT}]]></Encrypt></xml>"
    message = verify_and_decrypt(query, XML, body.encode(), SAMPLE, _at(1409735669))
    assert message.openid == "oyORnuP8q7ou2gfYjqLzSIWZf0rs"
    assert (message.kind, message.content) == ("text", "abcdteT")
    assert message.fields["MsgId"] == "6054768590064713728"


def test_d1_js_sdk() -> None:
    ticket = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"
    signed = signature(ticket, "Wm3WZYTPz0wzccnW", "1414587457", "http://mp.weixin.qq.com?params=value")
    assert signed == "0f9de62fce790f9a083d5c99e95740ceb90c27ed"

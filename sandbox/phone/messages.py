"""Messages 消息: what a person does in WeChat besides writing: voice, pictures, places, codes, and subscribe messages."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.phone.lookup import BadOrder, known
from sandbox.phone.phones import Phones
from sandbox.wechat.account import DAILY_LIMITS
from sandbox.wechat.jssdk import allow_loopback
from sandbox.wechat.oauth import PHONE_COOKIE
from sandbox.wechat.push import Fields
from sandbox.wechat.subscriptions import ANSWERS, MOST_AT_ONCE, Subscriptions
from sandbox.world import Person

PICTURE = "http://mmbiz.qpic.cn/sandbox"
KINDS: dict[str, tuple[str, Callable[[str], Fields]]] = {
    "voice": ("［语音］", lambda text: {"MediaId": "m1", "Format": "amr", "Recognition": text}),
    "image": ("［图片］", lambda text: {"PicUrl": PICTURE, "MediaId": "m1"}),
    "video": ("［视频］", lambda text: {"MediaId": "m1", "ThumbMediaId": "m2"}),
    "location": (
        "［位置］",
        lambda text: {
            "Location_X": "27.827",
            "Location_Y": "113.151",
            "Scale": 15,
            "Label": text or "天元区某某路",
        },
    ),
    "link": ("［链接］", lambda text: {"Title": text or "某某", "Description": "某某", "Url": PICTURE}),
}


def blueprint(phones: Phones) -> Blueprint:
    """The phone's side and what the control API tells of it."""
    pages = Blueprint("messages", __name__)
    subscriptions = Subscriptions(phones.account, phones.pusher)
    _other_kinds(pages, phones)
    _subscribing(pages, phones, subscriptions)
    _settings(pages, phones)

    @pages.errorhandler(BadOrder)
    def refuse(error: BadOrder) -> tuple[Response, int]:
        return allow_loopback(jsonify(error=str(error))), error.status

    return pages


def _other_kinds(pages: Blueprint, phones: Phones) -> None:
    account, pusher = phones.account, phones.pusher

    @pages.post("/phone/<key>/send")
    def send(key: str) -> Response:
        person, wish = known(phones.world, key), request.get_json() or {}
        kind, text = str(wish.get("kind")), str(wish.get("text", ""))[:200]
        if kind not in KINDS:
            raise BadOrder(f"kind: one of {', '.join(KINDS)}")
        label, fields = KINDS[kind]
        openid = account.openid(person.key)
        account.touch(openid)
        account.say(openid, {"from": "member", "type": "text", "text": f"{label}{text}"})
        pusher.send(openid, {"MsgType": kind, **fields(text), "MsgId": secrets.randbits(62)})
        return jsonify(said=True)

    @pages.post("/phone/<key>/scan")
    def scan(key: str) -> Response:
        """Scan the account's own QR code: a follower's SCAN, a newcomer's subscribe with the scene."""
        person, scene = known(phones.world, key), str((request.get_json() or {}).get("scene", "1"))[:64]
        openid, ticket = account.openid(person.key), "sandbox-ticket"
        if account.set_follows(openid, True):
            pusher.event(openid, "subscribe", EventKey=f"qrscene_{scene}", Ticket=ticket)
        else:
            pusher.event(openid, "SCAN", EventKey=scene, Ticket=ticket)
        return jsonify(follows=True)


def _answered(subscriptions: Subscriptions, person: Person) -> Response:
    """The person's answers to the question of a page."""
    wish = request.get_json() or {}
    app, answers = str(wish.get("app", "account")), wish.get("answers")
    if app not in ("account", "mini"):
        raise BadOrder("app: account or mini")
    if not isinstance(answers, dict) or not 1 <= len(answers) <= MOST_AT_ONCE:
        raise BadOrder(f"answers: 1 to {MOST_AT_ONCE} templates with accept or reject")
    if not set(answers.values()) <= set(ANSWERS):
        raise BadOrder("answers: accept or reject")
    known_ones = subscriptions.choose(app, person, answers, always=wish.get("always") is True)
    return jsonify(errMsg="requestSubscribeMessage:ok", **{name: answers[name] for name in known_ones})


def _subscribing(pages: Blueprint, phones: Phones, subscriptions: Subscriptions) -> None:
    @pages.post("/phone/<key>/subscribe")
    def subscribe(key: str) -> Response:
        return _answered(subscriptions, known(phones.world, key))

    @pages.route("/phone/subscribe", methods=["POST", "OPTIONS"])
    def subscribe_in_page() -> Response:
        """What <wx-open-subscribe> of the page on this browser's phone calls."""
        if request.method == "OPTIONS":
            return allow_loopback(Response(status=204))
        person = phones.world.person(request.cookies.get(PHONE_COOKIE, ""))
        if person is None:
            raise BadOrder("no phone", 404)
        return allow_loopback(_answered(subscriptions, person))

    @pages.post("/phone/<key>/switch-off")
    def switch_off(key: str) -> Response:
        wish = request.get_json() or {}
        app, template_id = str(wish.get("app", "account")), str(wish.get("template_id", ""))
        if app not in ("account", "mini") or template_id not in phones.account.templates:
            raise BadOrder("app: account or mini; template_id: one of /control/wechat/templates")
        subscriptions.switch_off(app, known(phones.world, key), template_id)
        return jsonify(switched_off=template_id)

    @pages.get("/control/phones/<key>/service")
    def service(key: str) -> Response:
        person, after = known(phones.world, key), request.args.get("after", 0, int)
        left = {app: subscriptions.left(app, person) for app in ("account", "mini")}
        return jsonify(messages=subscriptions.notices(person, after), consents=left)


def _settings(pages: Blueprint, phones: Phones) -> None:
    account = phones.account
    names = ("ip_whitelist", "callback.account", "callback.mini")

    @pages.get("/control/wechat/templates")
    def templates() -> Response:
        return jsonify(templates=account.templates)

    @pages.get("/control/wechat/quotas")
    def quotas() -> Response:
        used = {api: {"limit": limit, "used": account.used_today(api)} for api, limit in DAILY_LIMITS.items()}
        return jsonify(quotas=used)

    @pages.route("/control/wechat/settings", methods=["GET", "POST"])
    def settings() -> Response:
        given: dict[str, Any] = (request.get_json() or {}) if request.method == "POST" else {}
        if not set(given) <= set(names):
            raise BadOrder(f"settings: {', '.join(names)}")
        for name, value in given.items():
            account.store.put("wechat.settings", name, value)
        return jsonify({name: account.store.get("wechat.settings", name) for name in names})

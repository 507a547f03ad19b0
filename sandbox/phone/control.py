"""Control 控制台接口: people, inboxes, faults, clock and the record of calls, for tests and outside clients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.phone.lookup import BadOrder, known
from sandbox.phone.people import add_person, import_member, shown
from sandbox.phone.phones import Phones
from sandbox.wechat.account import Account
from sandbox.world import World

MINI_CALLS = ("getverifyid", "facial_verify", "login")
Reply = Response | tuple[Response, int]


def blueprint(phones: Phones) -> Blueprint:
    """The control API under /control."""
    pages = Blueprint("control", __name__, url_prefix="/control")
    _people(pages, phones)
    _inboxes(pages, phones)
    _orders(pages, phones)

    @pages.errorhandler(BadOrder)
    def refuse(error: BadOrder) -> Reply:
        return jsonify(error=str(error)), error.status

    return pages


def _people(pages: Blueprint, phones: Phones) -> None:
    world, account = phones.world, phones.account

    @pages.get("/members")
    def members() -> Response:
        return jsonify(members=[shown(world, account, person) for person in world.people()])

    @pages.post("/members")
    def add_member() -> Reply:
        record = dict(request.get_json())
        person = add_person(world, record)
        imported = import_member(world, record) if record.get("import", True) else None
        answer = {**shown(world, account, person), "import": imported}
        return jsonify(answer), 201 if imported is None or imported["ok"] else 502

    @pages.post("/members/<key>/follow")
    def follow(key: str) -> Response:
        person = known(world, key)
        phones.follow(person)
        return jsonify(shown(world, account, person))

    @pages.post("/members/<key>/unfollow")
    def unfollow(key: str) -> Response:
        person = known(world, key)
        phones.unfollow(person)
        return jsonify(shown(world, account, person))


def _inboxes(pages: Blueprint, phones: Phones) -> None:
    world, account, network = phones.world, phones.account, phones.network

    @pages.get("/phones/<key>/sms")
    def sms(key: str) -> Response:
        messages = phones.inbox(known(world, key), after=request.args.get("after", 0, int))
        return jsonify(messages=messages)

    @pages.get("/numbers/<phone>/sms")
    def sms_of_number(phone: str) -> Response:
        return jsonify(messages=network.inbox(phone, after=request.args.get("after", 0, int)))

    @pages.get("/phones/<key>/wechat")
    def wechat(key: str) -> Response:
        openid = account.openid(known(world, key).key)
        messages = account.chat(openid, after=request.args.get("after", 0, int))
        return jsonify(openid=openid, follows=account.follows(openid), messages=messages)


def _orders(pages: Blueprint, phones: Phones) -> None:
    world, account = phones.world, phones.account

    @pages.get("/faults")
    def faults() -> Response:
        return jsonify(faults=world.faults.list())

    @pages.post("/faults")
    def order_fault() -> Reply:
        return jsonify(vars(world.faults.order(**fault_order(world, account, request.get_json())))), 201

    @pages.delete("/faults")
    @pages.delete("/faults/<int:number>")
    def cancel_fault(number: int | None = None) -> Reply:
        world.faults.cancel(number)
        return jsonify(faults=world.faults.list())

    @pages.get("/received")
    def received() -> Response:
        after, server = request.args.get("after", 0, int), request.args.get("server")
        return jsonify(calls=world.store.entries("received", server, after=after, limit=500))

    @pages.get("/clock")
    def clock() -> Response:
        return jsonify(offset_s=world.offset_s, now=world.now().isoformat(timespec="seconds"))

    @pages.post("/clock")
    def set_clock() -> Response:
        world.shift_clock(float(request.get_json()["offset_s"]))
        return clock()

    @pages.delete("/received")
    def forget_received() -> Response:
        world.store.clear("received")
        return jsonify(calls=[])

    @pages.delete("/wechat/tokens")
    def kill_tokens() -> Response:
        account.kill_tokens()
        return jsonify(killed=True)


def fault_order(world: World, account: Account, given: Mapping[str, Any]) -> dict[str, Any]:
    """A fault order from JSON; `person` may be a key and is turned into what the server sees."""
    server, kind = given.get("server"), given.get("kind")
    if server not in ("wechat", "sms", "sms_aliyun", "sms_mas", "share") or not kind:
        raise BadOrder("server (wechat, sms, sms_aliyun, sms_mas, share) and kind are needed")
    person = world.person(str(given.get("person", "")))
    mini = given.get("on") in MINI_CALLS  # the mini-program knows people by other openids
    openid = (account.mini_openid if mini else account.openid)(person.key) if person else ""
    phone = person.phone if person else ""
    numbers = {"sms": phone, "sms_aliyun": phone, "sms_mas": phone}
    seen = {"wechat": openid, "share": person.key, **numbers} if person else {}
    return {
        "server": server,
        "on": str(given.get("on", "*")),
        "kind": str(kind),
        "person": seen.get(server, given.get("person")),
        "times": None if given.get("times") in (0, "always") else int(given.get("times", 1)),
        "args": dict(given.get("args", {})),
    }

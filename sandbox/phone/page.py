"""Page 手机页面: the sandbox phone in the browser, and the jumps from it to the product."""

from __future__ import annotations

import re

from flask import Blueprint, Response, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.actor.portrait import portrait_names
from sandbox.phone.lookup import BadOrder, known
from sandbox.phone.phones import NAME, Phones
from sandbox.wechat.jssdk import allow_loopback
from sandbox.wechat.oauth import PHONE_COOKIE
from sandbox.world import Person


def blueprint(phones: Phones) -> Blueprint:
    """The page and what its script calls."""
    pages = Blueprint("page", __name__)
    _shown(pages, phones)
    _done(pages, phones)
    _jumps(pages, phones)

    @pages.errorhandler(BadOrder)
    def refuse(error: BadOrder) -> tuple[Response, int]:
        return jsonify(error=str(error)), error.status

    return pages


def _shown(pages: Blueprint, phones: Phones) -> None:
    @pages.get("/")
    @pages.get("/phone/<key>")
    def page(key: str = "") -> str:
        return render_template("phone.html", key=key, account=NAME, portraits=portrait_names())

    @pages.get("/phone/<key>/state")
    def state(key: str) -> Response:
        person = known(phones.world, key)
        after = (request.args.get("chat", 0, int), request.args.get("sms", 0, int))
        return jsonify(phones.screen(person, *after))

    @pages.get("/phone/<key>/face.jpg")
    def face(key: str) -> AnyResponse:
        photo = phones.world.police_photo(known(phones.world, key))
        if photo is None:
            return Response(status=404)
        return Response(photo, mimetype="image/jpeg", headers={"Cache-Control": "max-age=60"})

    @pages.get("/phone/camera")
    def camera() -> tuple[Response, int] | Response:
        person = phones.world.person(request.cookies.get(PHONE_COOKIE, ""))
        if person is None:
            return allow_loopback(jsonify(error="no phone")), 404
        return allow_loopback(jsonify(phones.camera(person)))


def _done(pages: Blueprint, phones: Phones) -> None:
    @pages.post("/phone/<key>/follow")
    def follow(key: str) -> Response:
        phones.follow(known(phones.world, key))
        return jsonify(follows=True)

    @pages.post("/phone/<key>/unfollow")
    def unfollow(key: str) -> Response:
        phones.unfollow(known(phones.world, key))
        return jsonify(follows=False)

    @pages.post("/phone/<key>/say")
    def say(key: str) -> Response:
        text = str((request.get_json() or {}).get("text", "")).strip()
        if not text:
            raise BadOrder("text is empty")
        phones.say(known(phones.world, key), text[:600])
        return jsonify(said=True)

    @pages.post("/phone/<key>/tap")
    def tap(key: str) -> Response:
        try:
            url = phones.tap(known(phones.world, key), str((request.get_json() or {}).get("button", "")))
        except LookupError:
            raise BadOrder("no such button", 404) from None
        return jsonify(url=url)

    @pages.post("/phone/<key>/camera")
    def set_camera(key: str) -> Response:
        wish, person = request.get_json() or {}, known(phones.world, key)
        try:
            phones.set_camera(person, str(wish.get("mode", "live")), str(wish.get("portrait", "")))
        except ValueError as error:
            raise BadOrder(str(error)) from None
        return jsonify(phones.camera(person))


def _jumps(pages: Blueprint, phones: Phones) -> None:
    @pages.get("/phone/<key>/open")
    def open_page(key: str) -> AnyResponse:
        page = request.args.get("page", "home")
        if not re.fullmatch("[a-z-]{1,40}", page):
            raise BadOrder("page: small letters and -")
        start = f"{phones.world.setup.public_base_url}/api/v1/auth/wechat/start?page={page}"
        return as_phone(known(phones.world, key), start)

    @pages.get("/phone/<key>/visit")
    def visit(key: str) -> AnyResponse:
        url = request.args.get("url", "")
        if not phones.own_page(url):
            raise BadOrder("the phone opens the product's pages only")
        return as_phone(known(phones.world, key), url)


def as_phone(person: Person, url: str) -> AnyResponse:
    """Make this browser the person's phone and go somewhere; cookies hold for all ports of this host."""
    answer = redirect(url)
    answer.set_cookie(PHONE_COOKIE, person.key, samesite="Lax", max_age=30 * 86400)
    return answer

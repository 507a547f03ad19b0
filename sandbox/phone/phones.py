"""Phones 手机: what is on a member's screen, what the member taps, and what the camera sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from sandbox.actor.portrait import portrait_names
from sandbox.sms.messages import Network
from sandbox.wechat.account import Account
from sandbox.wechat.push import Pusher
from sandbox.world import Person, World

CAMERA_MODES = ("live", "still", "own", "denied", "missing")
NAME = "株洲住房公积金"


class Phones:
    """All members' phones."""

    def __init__(self, world: World, account: Account, pusher: Pusher, network: Network) -> None:
        self.world = world
        self.account = account
        self.pusher = pusher
        self.network = network

    def screen(self, person: Person, chat_after: int = 0, sms_after: int = 0) -> dict[str, Any]:
        """What is new on the phone since the last look."""
        openid = self.account.openid(person.key)
        menu = self.world.store.get("wechat.menu", "current") or {"button": []}
        return {
            "account": NAME,
            "follows": self.account.follows(openid),
            "menu": menu["button"],
            "chat": self.account.chat(openid, chat_after),
            "sms": self.inbox(person, sms_after),
            "camera": self.camera(person),
        }

    def inbox(self, person: Person, after: int = 0) -> list[dict[str, Any]]:
        """Messages of both SIMs, oldest first."""
        both = (self.network.inbox(number, after) for number in (person.phone, person.second_phone))
        return sorted((message for sim in both for message in sim), key=lambda message: int(message["entry"]))

    # conversation

    def follow(self, person: Person) -> None:
        """Follow the account and tell the product, when that is news."""
        openid = self.account.openid(person.key)
        if self.account.set_follows(openid, True):
            self.account.say(openid, {"from": "account", "type": "notice", "text": f"您已关注 {NAME}"})
            self.pusher.event(openid, "subscribe", EventKey="")

    def unfollow(self, person: Person) -> None:
        """Leave the account."""
        openid = self.account.openid(person.key)
        if self.account.set_follows(openid, False):
            self.pusher.event(openid, "unsubscribe", EventKey="")

    def say(self, person: Person, text: str) -> None:
        """Write to the account."""
        self.pusher.text(self.account.openid(person.key), text)

    def tap(self, person: Person, place: str) -> str | None:
        """Tap a menu button ("0" or "2.1"); returns the address a view button opens."""
        button = self._button(place)
        openid = self.account.openid(person.key)
        if button.get("type") == "click":
            self.pusher.event(openid, "CLICK", EventKey=str(button["key"]))
            return None
        if button.get("type") == "view":
            self.pusher.event(openid, "VIEW", EventKey=str(button["url"]))
            return str(button["url"])
        raise LookupError(place)

    def _button(self, place: str) -> Mapping[str, Any]:
        buttons = (self.world.store.get("wechat.menu", "current") or {"button": []})["button"]
        button: Mapping[str, Any] = {}
        for number in place.split("."):
            try:
                button = buttons[int(number)]
            except (ValueError, IndexError):
                raise LookupError(place) from None
            buttons = button.get("sub_button") or []
        return button

    def own_page(self, url: str) -> bool:
        """Whether an address is the product's."""
        wanted, asked = urlsplit(self.world.setup.public_base_url), urlsplit(url)
        return (asked.scheme, asked.netloc) == (wanted.scheme, wanted.netloc)

    # camera

    def camera(self, person: Person) -> dict[str, str]:
        """What the phone's camera sees: mode and portrait."""
        chosen = self.world.store.get("phone.camera", person.key, {})
        portrait = chosen.get("portrait") or self._face_of(person)
        return {"mode": chosen.get("mode", "live" if portrait else "own"), "portrait": portrait}

    def set_camera(self, person: Person, mode: str, portrait: str) -> None:
        """Put somebody or something else before the camera; an empty portrait is the member again."""
        if mode not in CAMERA_MODES:
            raise ValueError(f"mode: one of {', '.join(CAMERA_MODES)}")
        if portrait and portrait not in portrait_names():
            raise ValueError(f"portrait: one of {', '.join(portrait_names())}")
        self.world.store.put("phone.camera", person.key, {"mode": mode, "portrait": portrait})

    @staticmethod
    def _face_of(person: Person) -> str:
        face = str(person.record.get("actor") or person.portrait)
        return face if face in portrait_names() else ""

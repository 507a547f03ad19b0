"""Account 公众号: followers, tokens, codes, menu and conversations of the one public account."""

from __future__ import annotations

import base64
import hashlib
import secrets
import tomllib
from pathlib import Path
from typing import Any

from sandbox.store import Store
from sandbox.world import Person, World

TOKEN_LIFE_S = 7200
OVERLAP_S = 300
CODE_LIFE_S = 300
CONVERSATION_S = 48 * 3600
MOST_ANSWERS = 20
TEMPLATES_FILE = Path(__file__).with_name("templates.toml")
DAILY_LIMITS = {
    "token": 2000,
    "stable_token": 500_000,
    "force": 20,
    "ticket/getticket": 1_000_000,
    "menu/create": 1000,
    "menu/get": 10_000,
    "menu/delete": 1000,
    "template/send": 100_000,
    "subscribe/bizsend": 100_000,
    "subscribe/send": 10_000_000,
    "custom/send": 500_000,
    "generatescheme": 500_000,
    "generate_urllink": 500_000,
}
CLEARS_A_MONTH = 10


class Account:
    """The state WeChat keeps for the public account, persistent in the store."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.store: Store = world.store
        self.keys = world.setup.settings["wechat"]
        self._openids: dict[str, str] = {}
        self.templates: dict[str, dict[str, Any]] = tomllib.loads(TEMPLATES_FILE.read_text("utf-8"))

    # people

    def openid(self, key: str) -> str:
        """The person's openid for this account: always the same, tells nothing."""
        digest = hashlib.sha256(f"{self.keys['appid']}/{key}".encode()).digest()
        return "o" + base64.urlsafe_b64encode(digest).decode()[:27]

    def person(self, openid: str) -> Person | None:
        """Whose openid it is."""
        if openid not in self._openids:  # somebody new, or nobody
            self._openids = {self.openid(p.key): p.key for p in self.world.people()}
        key = self._openids.get(openid)
        return None if key is None else self.world.person(key)

    def mini_openid(self, key: str) -> str:
        """The person's openid for the mini-program: another one, as for every appid."""
        digest = hashlib.sha256(f"{self.keys['mini_appid']}/{key}".encode()).digest()
        return "o" + base64.urlsafe_b64encode(digest).decode()[:27]

    def mini_person(self, openid: str) -> Person | None:
        """Whose openid of the mini-program it is."""
        return next((p for p in self.world.people() if self.mini_openid(p.key) == openid), None)

    def unionid(self, key: str) -> str | None:
        """The person's unionid, where both apps hang on one open platform account (`open_platform`)."""
        platform = self.keys.get("open_platform")
        if not platform:
            return None
        digest = hashlib.sha256(f"{platform}/{key}".encode()).digest()
        return "o" + base64.urlsafe_b64encode(digest).decode()[:27]

    def follows(self, openid: str) -> bool:
        """Whether the person follows the account now."""
        return bool(self.store.get("wechat.follower", openid, {}).get("follows"))

    def set_follows(self, openid: str, follows: bool) -> bool:
        """Follow or unfollow; tells whether that changed anything."""
        with self.store.locked():
            changed = self.follows(openid) != follows
            self.store.put("wechat.follower", openid, {"follows": follows, "since": self.world.time()})
        return changed

    def touch(self, openid: str) -> None:
        """Note that the person did something in the conversation (opens 48 hours for service messages)."""
        self.store.put("wechat.touched", openid, self.world.time())
        self.store.delete("wechat.answered", openid)

    def may_chat(self, openid: str) -> bool:
        """Whether a customer-service message is allowed now."""
        touched = float(self.store.get("wechat.touched", openid, 0))
        return self.world.time() - touched <= CONVERSATION_S

    def count_answer(self, openid: str) -> bool:
        """Count a customer-service message since the person's last move; False when there were too many."""
        with self.store.locked():
            sent = int(self.store.get("wechat.answered", openid, 0)) + 1
            self.store.put("wechat.answered", openid, sent)
        return sent <= MOST_ANSWERS

    # tokens

    def plain_token(self) -> dict[str, Any]:
        """cgi-bin/token: a new token every time; the one before lives 5 minutes more."""
        with self.store.locked():
            for token, facts in self.store.items("wechat.token"):
                if facts["kind"] == "plain":
                    ends = min(facts["ends"], self.world.time() + OVERLAP_S)
                    self.store.put("wechat.token", token, {**facts, "ends": ends})
            return self._new_token("plain")

    def stable_token(self, *, force: bool, kind: str = "stable") -> dict[str, Any]:
        """stable_token: the same token until 5 minutes before its end; `force` kills it. Each app has its own."""
        with self.store.locked():
            for token, facts in self.store.items("wechat.token"):
                left = facts["ends"] - self.world.time()
                if facts["kind"] == kind and left > OVERLAP_S and not force:
                    return {"access_token": token, "expires_in": int(left)}
            if force:
                self.kill_tokens(kind)
            return self._new_token(kind)

    def _new_token(self, kind: str) -> dict[str, Any]:
        token = f"{secrets.randbelow(90) + 10}_" + secrets.token_urlsafe(96)
        for old, facts in self.store.items("wechat.token"):
            if facts["ends"] < self.world.time() - 86400:
                self.store.delete("wechat.token", old)
        self.store.put("wechat.token", token, {"kind": kind, "ends": self.world.time() + TOKEN_LIFE_S})
        return {"access_token": token, "expires_in": TOKEN_LIFE_S}

    def kill_tokens(self, kind: str | None = None) -> None:
        """Make tokens invalid at once."""
        for token, facts in self.store.items("wechat.token"):
            if kind in (None, facts["kind"]):
                self.store.delete("wechat.token", token)

    def token_trouble(self, token: str, app: str = "account") -> int:
        """0, or WeChat's error code for this access token at a call of the account or of the mini-program."""
        if not token:
            return 41001
        facts = self.store.get("wechat.token", token)
        if facts is None:
            return 40001
        if facts["ends"] <= self.world.time():
            return 42001
        return 0 if (facts["kind"] == "mini") is (app == "mini") else 48001

    def ticket(self) -> dict[str, Any]:
        """The JS-SDK ticket: the same for two hours."""
        with self.store.locked():
            ticket = self.store.get("wechat.ticket", "jsapi")
            if ticket is None or ticket["ends"] - self.world.time() < 60:
                ticket = {"ticket": secrets.token_urlsafe(64), "ends": self.world.time() + TOKEN_LIFE_S}
                self.store.put("wechat.ticket", "jsapi", ticket)
        return {"ticket": ticket["ticket"], "expires_in": int(ticket["ends"] - self.world.time())}

    # quotas

    def over_quota(self, api: str) -> bool:
        """Count one call of today; tells whether the day's limit is passed."""
        limit = DAILY_LIMITS.get(api)
        if limit is None:
            return False
        name = f"{api} {self.world.now():%Y-%m-%d}"
        with self.store.locked():
            used = int(self.store.get("wechat.quota", name, 0)) + 1
            self.store.put("wechat.quota", name, used)
        return used > limit

    def used_today(self, api: str) -> int:
        """How many calls of an API were counted today."""
        return int(self.store.get("wechat.quota", f"{api} {self.world.now():%Y-%m-%d}", 0))

    def clear_quota(self) -> bool:
        """Begin to count anew; False when that was done ten times this month."""
        name = f"{self.world.now():%Y-%m}"
        with self.store.locked():
            used = int(self.store.get("wechat.quota_clears", name, 0)) + 1
            if used > CLEARS_A_MONTH:
                return False
            self.store.put("wechat.quota_clears", name, used)
            self.store.clear("wechat.quota")
        return True

    def allows(self, address: str) -> bool:
        """Whether a caller is on the IP whitelist; an empty one lets everybody in."""
        listed: list[str] = self.store.get("wechat.settings", "ip_whitelist", [])
        return not listed or address in listed

    # web authorisation

    def new_code(self, openid: str, scope: str, *, snapshot: bool = False) -> str:
        """A code for one exchange within 5 minutes."""
        code = secrets.token_urlsafe(24).replace("-", "x").replace("_", "y")
        self.store.put(
            "wechat.code",
            code,
            {"openid": openid, "scope": scope, "ends": self.world.time() + CODE_LIFE_S, "snapshot": snapshot},
        )
        return code

    def redeem(self, code: str) -> dict[str, Any] | int:
        """What the code stands for, or WeChat's error code."""
        with self.store.locked():
            facts = self.store.get("wechat.code", code)
            if facts is None or facts["ends"] <= self.world.time():
                return 40029
            if facts.get("used"):
                return 40163
            self.store.put("wechat.code", code, {**facts, "used": True})
        return dict(facts)

    # conversation

    def say(self, openid: str, entry: dict[str, Any]) -> int:
        """Add one bubble or card to the person's conversation with the account."""
        return self.store.append(
            "wechat.chat", openid, {**entry, "time": self.world.now().isoformat("T", "seconds")}
        )

    def chat(self, openid: str, after: int = 0) -> list[dict[str, Any]]:
        """The conversation, oldest first."""
        return self.store.entries("wechat.chat", openid, after=after)

"""A phone from outside 外部客户端: does what a member's page does, by HTTP alone, against system and sandbox."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import secrets
import time
from typing import Any
from urllib.parse import urljoin

import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

_SLACK_MS, _GRACE_MS, _IDLE_MS = 3000, 400, 500


class ApiProblem(Exception):
    """A problem+json answer."""

    def __init__(self, body: dict[str, Any], status: int) -> None:
        super().__init__(f"{status} {body.get('code')}: {body.get('detail')}")
        self.body, self.status, self.code = body, status, str(body.get("code"))


def b64url(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Sandbox:
    """The control API of the outside world."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._http = requests.Session()
        self._http.trust_env = False

    def get(self, path: str, **params: Any) -> Any:
        """GET, as JSON."""
        return self._answer(self._http.get(self.url + path, params=params, timeout=30))

    def post(self, path: str, body: Any = None) -> Any:
        """POST JSON, as JSON."""
        return self._answer(self._http.post(self.url + path, json=body or {}, timeout=60))

    def delete(self, path: str) -> Any:
        """DELETE."""
        return self._http.delete(self.url + path, timeout=30)

    @staticmethod
    def _answer(response: requests.Response) -> Any:
        response.raise_for_status()
        return response.json() if response.content else None

    def members(self) -> dict[str, dict[str, Any]]:
        """People by key."""
        answer = self.get("/control/members")
        people = answer["members"] if isinstance(answer, dict) else answer
        return {person["key"]: person for person in people}

    def sms(self, key: str) -> list[dict[str, Any]]:
        """SMS inbox, oldest first."""
        answer = self.get(f"/control/phones/{key}/sms")
        return answer["messages"] if isinstance(answer, dict) else answer

    def wechat(self, key: str) -> list[dict[str, Any]]:
        """WeChat conversation, oldest first."""
        answer = self.get(f"/control/phones/{key}/wechat")
        return answer["messages"] if isinstance(answer, dict) else answer

    def payments(self, case_no: str) -> Any:
        """What the bank did for a case."""
        return self.get("/control/settlement/payments", case_no=case_no)


class Phone:
    """One member's phone: signs in, binds, asks, scans a face, confirms."""

    def __init__(self, web: str, sandbox: Sandbox, key: str) -> None:
        self.web, self.sandbox, self.key = web.rstrip("/"), sandbox, key
        self.http = requests.Session()
        self.http.trust_env = False
        self.tokens: dict[str, Any] = {}
        self.device = ec.generate_private_key(ec.SECP256R1())
        self.actor: Actor | None = None

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """One API call; raises ApiProblem for 4xx and 5xx."""
        if self.tokens:
            headers["Authorization"] = f"Bearer {self.tokens['access_token']}"
        url = urljoin(self.web, f"/api/v1{path}")
        response = self.http.request(method, url, json=body, headers=headers, timeout=40)
        if response.status_code >= 400:
            raise ApiProblem(_json(response), response.status_code)
        return response.json() if response.content else None

    def follow(self) -> None:
        """Follow the public account."""
        self.sandbox.post(f"/control/members/{self.key}/follow")

    def sign_in(self) -> dict[str, Any]:
        """Through WeChat's OAuth, with a cookie jar."""
        jar = requests.Session()
        jar.trust_env = False
        started = jar.get(f"{self.web}/api/v1/auth/wechat/start?page=home", allow_redirects=False, timeout=20)
        headers = {"X-Sandbox-Phone": self.key}
        granted = jar.get(started.headers["Location"], headers=headers, allow_redirects=False, timeout=20)
        finished = jar.get(granted.headers["Location"], headers={"Accept": "application/json"}, timeout=20)
        if finished.status_code != 200:
            raise ApiProblem(_json(finished), finished.status_code)
        self.tokens = finished.json()
        return self.tokens

    def bind(self, person: dict[str, Any]) -> dict[str, Any]:
        """Bind with the SMS code from the inbox."""
        before = len(self.sandbox.sms(self.key))
        claim = {name: person[name] for name in ("name", "id_no", "phone")}
        challenge = self.call("POST", "/bind/sms-code", claim)
        code = self._code(before)
        numbers = self.device.public_key().public_numbers()
        point = {"x": b64url(numbers.x.to_bytes(32)), "y": b64url(numbers.y.to_bytes(32))}
        body = {
            "challenge_id": challenge["challenge_id"],
            "code": code,
            "device_key": {"kty": "EC", "crv": "P-256", **point},
        }
        self.tokens = self.call("POST", "/bind", body)
        return self.tokens

    def _code(self, before: int, timeout_s: float = 15) -> str:
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            for message in reversed(self.sandbox.sms(self.key)[before:]):
                if message.get("template") == "sms_code":
                    return str(message["params"][0])
            time.sleep(0.1)
        raise TimeoutError("no SMS code came")

    def consent(self, kind: str, **scope: str) -> str:
        """Agree to the present words."""
        words = self.call("GET", f"/consents/texts/{kind}")
        given = self.call("POST", "/consents", {"kind": kind, "text_version": words["version"], **scope})
        return str(given["consent_id"])

    def apply(self, item: str, form: dict[str, Any]) -> dict[str, Any]:
        """Submit an application."""
        key = secrets.token_hex(16)
        application: dict[str, Any] = self.call(
            "POST", f"/items/{item}/applications", form, **{"Idempotency-Key": key}
        )
        return application

    def scan_face(
        self, application_id: str, portrait: str, *, attack: str | None = None, consent_id: str | None = None
    ) -> dict[str, Any]:
        """Open a face session, answer every prompt with the demo actor, and wait for the verdict."""
        session = self.open_face(application_id, consent_id)
        self.actor = Actor(self, session, portrait, attack)
        self.actor.perform()
        return self.verdict(session["session_id"])

    def open_face(self, application_id: str, consent_id: str | None = None) -> dict[str, Any]:
        """Agree to the face check and open a session; its time begins now."""
        consent_id = consent_id or self.consent("face", application_id=application_id)
        session: dict[str, Any] = self.call(
            "POST", f"/applications/{application_id}/face-sessions", {"consent_id": consent_id}
        )
        return session

    def verdict(self, session_id: str, timeout_s: float = 40) -> dict[str, Any]:
        """Wait until a face session is judged."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            state: dict[str, Any] = self.call("GET", f"/face-sessions/{session_id}?wait_s=10")
            if state["state"] not in ("open", "judging"):
                return state
            time.sleep(0.05)
        raise TimeoutError("the face was not judged")

    def confirm(self, application_id: str, face_session_id: str, key: str | None = None) -> dict[str, Any]:
        """Confirm with a passed face session."""
        body = {"face_session_id": face_session_id}
        headers = {"Idempotency-Key": key or secrets.token_hex(16)}
        application: dict[str, Any] = self.call(
            "POST", f"/applications/{application_id}/confirm", body, **headers
        )
        return application

    def wait_for(self, application_id: str, states: set[str], timeout_s: float = 30) -> dict[str, Any]:
        """Poll until the application is in one of `states`."""
        until, version = time.monotonic() + timeout_s, 0
        while time.monotonic() < until:
            seen: dict[str, Any] = self.call(
                "GET", f"/applications/{application_id}?wait_s=5&since_version={version}"
            )
            if seen["state"] in states:
                return seen
            version = seen["version"]
            time.sleep(0.02)
        raise TimeoutError(f"still {seen['state']}, wanted {sorted(states)}")


class Actor:
    """Answers a face session's prompts as they are revealed, with frames from the sandbox's demo actor.

    `sent` is what went up. `slack_ms` is how much longer than asked each prompt is played, for slow answers.
    """

    slack_ms, fps = _SLACK_MS, 6

    def __init__(
        self, phone: Phone, session: dict[str, Any], portrait: str, attack: str | None = None
    ) -> None:
        self._phone, self._session, self._portrait, self._attack = phone, session, portrait, attack
        self._key = base64.urlsafe_b64decode(session["challenge_key"] + "==")
        self._seed = random.randrange(1 << 30)
        self._zero = time.monotonic()
        self._batch = 0
        self.sent: list[dict[str, Any]] = []
        self._queue: list[dict[str, Any]] = []
        self._shown: list[dict[str, Any]] = []

    def perform(self) -> None:
        """Play until the session is complete."""
        prompt, complete = self._session["prompt"], False
        while not complete:
            prompt, complete = self._play(prompt)

    def _play(self, prompt: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        start_ms = self._now_ms() if self._shown else 0
        asked = {name: prompt[name] for name in ("index", "kind", "hold_ms", "colours")}
        self._shown.append({**asked, "start_ms": start_ms})
        unsent = [frame for frame in self._queue if frame["at_ms"] < start_ms]  # a gap would be refused
        shown = [frame for frame in self.frames() if frame["prompt"] == prompt["index"]]
        self._queue = unsent + paced(shown, start_ms + prompt["hold_ms"])
        while self._queue:
            due = [frame for frame in self._queue if frame["at_ms"] <= self._now_ms()][:10]
            if len(due) < 6 and self._queue[0]["at_ms"] > self._now_ms() - 900:
                time.sleep(0.05)
                continue
            answer = self.send(due)
            self._queue = self._queue[len(due) :]
            if answer["complete"] or answer["prompt"]["index"] != prompt["index"]:
                return answer["prompt"], answer["complete"]
        raise TimeoutError("the prompt did not change")

    def prompts(self) -> list[dict[str, Any]]:
        """What was asked so far, the last prompt played longer."""
        return [*self._shown[:-1], {**self._shown[-1], "hold_ms": self._shown[-1]["hold_ms"] + self.slack_ms}]

    def frames(self) -> list[dict[str, Any]]:
        """Pictures of the prompt that is shown now."""
        prompts = self.prompts()
        body = {"portrait": self._portrait, "seed": self._seed, "fps": self.fps}
        body |= {"challenge": {"prompts": prompts}, "since_ms": prompts[-1]["start_ms"]}
        if self._attack:
            body["attack"] = self._attack
        frames: list[dict[str, Any]] = self._phone.sandbox.post("/actor/frames", body)["frames"]
        return frames

    def _now_ms(self) -> int:
        return int((time.monotonic() - self._zero) * 1000)

    def send(self, frames: list[dict[str, Any]]) -> dict[str, Any]:
        """Send one batch, each frame with its MAC and the batch with the phone's signature."""
        body_frames, macs = [], []
        for frame in frames:
            digest = hashlib.sha256(base64.b64decode(frame["jpeg"])).hexdigest()
            text = f"{self._session['nonce']}|{len(self.sent)}|{frame['at_ms']}|{frame['prompt']}|{digest}"
            mac = b64url(hmac.digest(self._key, text.encode(), "sha256"))
            body_frames.append(
                {
                    "seq": len(self.sent),
                    "at_ms": frame["at_ms"],
                    "prompt": frame["prompt"],
                    "jpeg": frame["jpeg"],
                    "mac": mac,
                }
            )
            macs.append(mac)
            self.sent.append(frame)
        body = {"batch": self._batch, "frames": body_frames, "device_signature": self._sign(macs)}
        self._batch += 1
        answer: dict[str, Any] = self._phone.call(
            "POST", f"/face-sessions/{self._session['session_id']}/frames", body
        )
        return answer

    def _sign(self, macs: list[str]) -> str:
        joined = hashlib.sha256("".join(macs).encode()).hexdigest()
        text = f"anju-frames-v1|{self._session['session_id']}|{self._batch}|{joined}"
        r, s = decode_dss_signature(self._phone.device.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return b64url(r.to_bytes(32) + s.to_bytes(32))


def paced(frames: list[dict[str, Any]], until_ms: int) -> list[dict[str, Any]]:
    """Fewer frames once the prompt has run its time and only the answer is waited for, so that they last."""
    kept: list[dict[str, Any]] = []
    for frame in frames:
        if frame["at_ms"] <= until_ms + _GRACE_MS or frame["at_ms"] - kept[-1]["at_ms"] >= _IDLE_MS:
            kept.append(frame)
    return kept


def _json(response: requests.Response) -> dict[str, Any]:
    try:
        body: dict[str, Any] = response.json()
    except json.JSONDecodeError:
        body = {"code": "not_json", "detail": response.text[:200]}
    return body

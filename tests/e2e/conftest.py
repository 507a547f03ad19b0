"""The whole system and a real browser for end-to-end tests."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from bench.phone import Sandbox
from config.settings import ROOT
from runtime.supervisor.ports import Ports
from runtime.supervisor.system import System

SEVENTEENTH = Path(__file__).with_name("seventeenth")


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Everything `make serve` starts, on free ports in a folder of its own, and one more item than it has."""
    folder: Path = tmp_path_factory.mktemp("system")
    for part in (folder, *folder.parents[:2]):
        part.chmod(0o755)
    running = System(folder, Ports.free(), durable=False)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYTHONPATH", f"{SEVENTEENTH}{os.pathsep}{ROOT}")
        running.start()
        yield running
        running.stop()


@pytest.fixture(scope="session")
def sandbox(system: System) -> Sandbox:
    """The outside world."""
    return Sandbox(system.ports.url("phone"))


class Handset:
    """A phone-sized page, with the words of what the product logged wrong in it."""

    def __init__(self, page: Page, sandbox: Sandbox, key: str) -> None:
        self.page, self.sandbox, self.key = page, sandbox, key
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def at(self, testid: str) -> Any:
        """The first element of this test id."""
        return self.page.locator(f'[data-testid="{testid}"]').first

    def open(self, page: str = "home") -> None:
        """Tap the public account's menu."""
        self.page.goto(f"{self.sandbox.url}/phone/{self.key}/open?page={page}")

    def bind(self, person: dict[str, Any]) -> None:
        """Bind with the code that comes by SMS."""
        before = len(self.sandbox.sms(self.key))
        for field in ("name", "id_no", "phone"):
            self.at(f"bind-{field.replace('_', '-')}").fill(person[field])
        self.at("send-code").click()
        self.at("bind-code").fill(self._code(before))
        self.at("bind-submit").click()
        self.at("balance-card").wait_for()

    def pass_face(self, tries: int = 3) -> None:
        """Agree and scan; a slow machine may drop frames, so the page's own second try is used as a member would."""
        self.at("face-agree").click()
        for _ in range(tries):
            self.at("face-start").click()
            over = '[data-testid="face-failed"], [data-testid="steps"]'
            self.page.locator(over).first.wait_for(timeout=90_000)
            if "receipt" in self.page.url:
                return
        raise AssertionError("the face did not pass: " + self.at("face-failed").inner_text())

    def sms(self, template: str, timeout_s: float = 20) -> list[str]:
        """Texts of one template in the inbox, once there is one."""
        until = time.monotonic() + timeout_s
        texts: list[str] = []
        while not texts and time.monotonic() < until:
            texts = [m["text"] for m in self.sandbox.sms(self.key) if m.get("template") == template]
            time.sleep(0.1)
        return texts

    def _code(self, before: int) -> str:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            codes = [
                m["params"][0] for m in self.sandbox.sms(self.key)[before:] if m.get("template") == "sms_code"
            ]
            if codes:
                return str(codes[-1])
            time.sleep(0.1)
        raise TimeoutError("no SMS code came")


@pytest.fixture(scope="session")
def made() -> set[str]:
    """Keys of everybody who was given a phone."""
    return set()


@pytest.fixture
def handset(browser: Browser, sandbox: Sandbox, made: set[str]) -> Iterator[Any]:
    """Makes phones: `handset(person)` adds the person, follows the account and opens a 375×812 page."""
    contexts = []

    def make(person: dict[str, Any], **options: Any) -> Handset:
        assert person["key"] not in made, "each test has people of its own"
        made.add(person["key"])
        sandbox.post("/control/members", person)
        sandbox.post(f"/control/members/{person['key']}/follow")
        context = browser.new_context(viewport={"width": 375, "height": 812}, locale="zh-CN", **options)
        context.set_default_timeout(30_000)
        contexts.append(context)
        return Handset(context.new_page(), sandbox, person["key"])

    yield make
    for context in contexts:
        context.close()

"""Fixtures of the journeys: the running system, the outside world, a browser, and phones in members' hands."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from bench import people
from bench.journeys.handset import PATIENCE_MS, SIZES, Handset
from bench.journeys.running import Joined, People, joined
from bench.phone import Sandbox
from runtime.bootstrap import Product
from runtime.browser import find_chromium

NewPerson = Callable[..., dict[str, Any]]
NewPhone = Callable[..., Handset]


@pytest.fixture(scope="session")
def system() -> Joined:
    """What the controller started."""
    return joined()


@pytest.fixture(scope="session")
def product(system: Joined) -> Product:
    """The product's objects, for what an operator or the passing of time does."""
    return system.product()


@pytest.fixture(scope="session")
def sandbox(system: Joined) -> Sandbox:
    """The outside world."""
    return Sandbox(system.ports.url("phone"))


@pytest.fixture(scope="session")
def registry(product: Product, sandbox: Sandbox) -> People:
    """Where people are made known."""
    return People(product, sandbox)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for a process of the run."""
    spec = find_chromium()
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=spec.path, args=list(spec.args), env={**os.environ, **spec.env}
        )
        yield running
        running.close()


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    """Both sizes, one after the other."""
    return tuple(request.param)


PORTRAITS = ("obama", "biden", "astronaut")
_count = itertools.count()


@pytest.fixture(scope="session")
def somebody(worker_id: str) -> NewPerson:
    """Makes a person whom nobody made before: each process has numbers of its own."""
    base = 50_000 + 2_000 * (int(worker_id.removeprefix("gw")) if worker_id.startswith("gw") else 9)
    base += int(os.environ.get("JOURNEYS_FROM", "0"))

    def make(**changes: Any) -> dict[str, Any]:
        number = base + next(_count)
        portrait = PORTRAITS[number % len(PORTRAITS)]
        return people.person(number, months=28, base_fen=1_000_000, portrait=portrait) | changes

    return make


@pytest.fixture
def handset(browser: Browser, sandbox: Sandbox, registry: People, system: Joined, size: tuple[int, int]) -> Iterator[NewPhone]:
    """Makes phones: adds the person, follows the account, opens a page; afterwards no page may have failed."""
    phones: list[Handset] = []

    def make(person: dict[str, Any], *, known: dict[str, Any] | None = None, new: bool = True, **options: Any) -> Handset:
        if new:
            registry.add(person, known)
        context = _context(browser, size, **options)
        phones.append(Handset(context, sandbox, system.ports.url("web"), person, size))
        return phones[-1]

    yield make
    for phone in phones:
        phone.context.close()
    assert [fault for phone in phones for fault in phone.faults] == []


def _context(browser: Browser, size: tuple[int, int], **options: Any) -> BrowserContext:
    width, height = size
    screen: Any = {"width": width, "height": height}
    context = browser.new_context(
        viewport=screen, screen=screen, locale="zh-CN", is_mobile=True, has_touch=True, **options
    )
    context.set_default_timeout(PATIENCE_MS)
    return context

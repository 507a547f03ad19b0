"""WeChat as a test wants it, and a case that waits for the face."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.applications.models import Application
from tests.support.domain.wechat import (
    FakeVerifier,
)
from tests.support.domain.world import Member, World


@pytest.fixture
def wechat(world: World) -> Iterator[FakeVerifier]:
    """WeChat as the test wants it."""
    verifications = world.product.verifications
    real, fake = verifications._verifier, FakeVerifier()
    verifications._verifier = fake
    yield fake
    verifications._verifier = real


@pytest.fixture
def application(world: World, member: Member) -> Application:
    """A withdrawal of 3,000.00 that waits for the face."""
    return world.submit(member)

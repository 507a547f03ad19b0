"""What the desk needs from the product 审核台依赖; filled by runtime.bootstrap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import current_app

from config.settings import Settings
from services.core.clock import Clock
from services.core.crypto import FieldCipher
from services.core.db import Sessions
from services.counter.deciding import Deciding
from services.counter.proposing import Proposing
from services.items.engine import Engine
from services.items.locking import Locking
from services.policies.service import PolicyBook
from services.ratings.desk import RatingDesk
from services.reconciliation.breaks import Breaks
from services.reconciliation.suspense import Suspense
from services.reviews.service import Reviews
from services.staff.sessions import SessionKeys


@dataclass(frozen=True)
class DeskPorts:
    """The product's objects, as far as the desk uses them; nothing that reaches the bank or WeChat."""

    settings: Settings
    clock: Clock
    sessions: Sessions
    cipher: FieldCipher
    engine: Engine
    policies: PolicyBook
    reviews: Reviews
    breaks: Breaks
    suspense: Suspense
    ratings: RatingDesk
    locking: Locking
    proposing: Proposing
    deciding: Deciding
    keys: SessionKeys


def desk() -> DeskPorts:
    """The ports of the present application."""
    return cast(DeskPorts, current_app.extensions["anju_desk"])

"""Books under way 记账中的账册: members whose books are moved by many hands at once, and what was acknowledged of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from bench.people import person
from config.settings import ROOT, load_settings
from runtime import secret_files
from runtime.bootstrap import Product, build
from runtime.cli.members import import_members
from runtime.embedded_pg import Urls
from runtime.migrations import migrate
from services.accounts.models import ProvidentFundAccount
from services.audit.service import record
from services.core.db import Sessions, make_engine, make_sessions, transaction
from services.core.ids import new_id
from services.ledger.chart import BUSINESS_EXPENSE, MEMBER_FUND
from services.ledger.service import Entry, Line, lock_balance, post
from services.policies.service import seed_policies

HANDS = 8
KIND = "interest_correction"


def product_at(home: Path, urls: Urls) -> Product:
    """The product's objects on a bare database, which gets its tables and figures first."""
    secret_files.prepare(home / "secrets")
    migrate(urls.owner)
    with transaction(make_sessions(make_engine(urls.app, pool_size=1))) as session:
        seed_policies(session, ROOT / "config" / "policies")
    return build(load_settings(home=home, DATABASE_URL=urls.app, database_owner_url=urls.owner))


class Books:
    """Members, and journals posted for them by the product's own services: account, entry, audit, in one transaction."""

    def __init__(self, product: Product, members: int) -> None:
        import_members(product, [person(number) for number in range(members)])
        self._clock = product.clock
        with transaction(product.sessions) as session:
            self._accounts: Sequence[UUID] = session.scalars(select(ProvidentFundAccount.account_id)).all()

    def move(self, sessions: Sessions, count: int) -> set[UUID]:
        """Post `count` journals with many hands; the ids of those whose commit was acknowledged."""
        with ThreadPoolExecutor(HANDS) as hands:
            turns = hands.map(lambda number: self._move(sessions, number), range(count))
            return {key for key in turns if key is not None}

    def move_until(self, sessions: Sessions, enough: threading.Event, tell: Callable[[UUID], None]) -> None:
        """Post journals with many hands until told to stop; each one that is acknowledged is told of."""

        def work(hand: int) -> None:
            number = hand
            while not enough.is_set():
                key = self._move(sessions, number)
                if key is not None:
                    tell(key)
                number += HANDS

        with ThreadPoolExecutor(HANDS) as hands:
            list(hands.map(work, range(HANDS)))

    def _move(self, sessions: Sessions, number: int) -> UUID | None:
        account_id, at = self._accounts[number % len(self._accounts)], self._clock.now()
        entry = Entry(
            f"bench:{new_id()}", KIND, "账册演练", (Line(BUSINESS_EXPENSE, 1), Line(MEMBER_FUND, -1))
        )
        try:
            with transaction(sessions) as session:
                lock_balance(session, account_id)
                journal_id = post(session, account_id, entry, at)
                record(session, account_id, "bench.moved", actor="bench", subject=str(journal_id), at=at)
        except DBAPIError:
            return None  # not acknowledged: it may be there or not
        return journal_id


def sessions_at(url: str) -> Sessions:
    """Sessions for as many hands as there are."""
    return make_sessions(make_engine(url, pool_size=HANDS))


AUDIT_HEADS = text("SELECT encode(sha256(string_agg(hash, '' ORDER BY account_id)), 'hex') FROM audit_head")
JOURNALS = text(
    "SELECT DISTINCT journal_id FROM posting JOIN journal USING (account_id, journal_id) WHERE kind = :kind"
)


def audit_heads(sessions: Sessions) -> str:
    """One hash over the last hash of every account's audit chain."""
    with transaction(sessions) as session:
        return str(session.scalar(AUDIT_HEADS))


def journals_there(sessions: Sessions) -> set[UUID]:
    """The moved journals that have postings."""
    with transaction(sessions) as session:
        return set(session.scalars(JOURNALS, {"kind": KIND}))

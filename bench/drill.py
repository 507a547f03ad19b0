"""Restore drill 恢复演练: the books lost by a hand's mistake, and back as they were a moment before. `make drill`.

Members get money and withdraw; a base copy is taken meanwhile and the log of changes is followed as a synchronous
standby. Then every posting is deleted by a superuser who has switched the guards off. A new server is brought up as of the
instant before, and has to hold each posting that was acknowledged. The last line is one JSON object.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg

from bench.accounts import Books, audit_heads, journals_there, product_at, sessions_at
from config.logging import configure
from runtime.cli.invariants import count_violations
from runtime.embedded_pg import EmbeddedPostgres, PostgresFailed, plain
from runtime.processes import end
from runtime.standing.backup import SLOT, Backups
from runtime.standing.programs import Server
from services.core.pii import scrub

MEMBERS, BEFORE, AFTER = 200, 1_000, 1_000


def _fold(folder: Path) -> Path:
    folder.chmod(0o711)
    return folder


def main() -> int:
    """Write, copy, destroy, restore, compare, print."""
    configure("WARNING", scrub)
    with tempfile.TemporaryDirectory(prefix="anju-drill-") as name:
        folder = _fold(Path(name))
        first = EmbeddedPostgres(folder / "first")
        backups = Backups(folder / "backups")
        restored = None
        try:
            return _drill(folder, first, backups)
        finally:
            for server in (first, restored):
                if server is not None:
                    server.destroy()


def _drill(folder: Path, first: EmbeddedPostgres, backups: Backups) -> int:
    urls = first.start()
    books, sessions = Books(product_at(first.home, urls), MEMBERS), sessions_at(urls.app)
    server = Server.of(first.home, first.port)
    receiver = backups.follow(server, folder / "receiver.log")
    first.acknowledge_with(SLOT)
    acknowledged = books.move(sessions, BEFORE)
    began = time.monotonic()
    backups.take(server)
    base_s = time.monotonic() - began
    time.sleep(1)  # a copy serves instants of later seconds than the one it bears
    acknowledged |= books.move(sessions, AFTER)
    until = datetime.now(UTC)
    head = audit_heads(sessions)
    time.sleep(0.01)
    lost = _destroy(urls.superuser)
    end(receiver)
    first.kill()

    began = time.monotonic()
    copy = backups.restore(folder / "second", until, secrets=first.home / "secrets")
    restore_s = time.monotonic() - began
    try:
        found = _compare(copy.urls.app, acknowledged, head)
        too_late = _refuses_after(backups, folder, first)
    finally:
        copy.destroy()
    figures = {
        "acknowledged": len(acknowledged),
        "deleted": lost,
        **found,
        "refuses_past_the_log": too_late,
        "base_s": round(base_s, 1),
        "restore_s": round(restore_s, 1),
    }
    print(json.dumps(figures))
    good = (
        not found["missing"] and not found["invariant_violations"] and found["audit_heads_equal"] and too_late
    )
    return 0 if good else 1


def _destroy(superuser_url: str) -> int:
    with psycopg.connect(plain(superuser_url), autocommit=True) as connection:
        connection.execute("SET session_replication_role = 'replica'")  # no trigger, no foreign key
        return connection.execute("DELETE FROM posting").rowcount


def _compare(app_url: str, acknowledged: set[UUID], head: str) -> dict[str, object]:
    sessions = sessions_at(app_url)
    violations = {name: count for name, count in count_violations(sessions).items() if count}
    if violations:
        print(f"invariants broken: {violations}")
    return {
        "missing": len(acknowledged - journals_there(sessions)),
        "audit_heads_equal": audit_heads(sessions) == head,
        "invariant_violations": sum(violations.values()),
    }


def _refuses_after(backups: Backups, folder: Path, first: EmbeddedPostgres) -> bool:
    """A restore to an instant that the log does not reach fails loudly, and is not taken for a good one."""
    far = datetime.fromtimestamp(time.time() + 3600, UTC)
    third = folder / "third"
    try:
        backups.restore(third, far, secrets=first.home / "secrets").destroy()
    except PostgresFailed as fault:
        return "recovery ended before configured recovery target" in str(fault)
    finally:
        EmbeddedPostgres(third, port=1).destroy()
    return False


if __name__ == "__main__":
    sys.exit(main())

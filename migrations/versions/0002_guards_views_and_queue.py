"""The queue's schema, the guards, the invariants and the grants."""

from __future__ import annotations

from pathlib import Path

from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy import text

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SQL = Path(__file__).resolve().parent.parent / "sql"


def upgrade() -> None:
    """Apply."""
    _run(SchemaManager.get_schema())
    for name in ("guards", "invariants", "grants"):
        _run((SQL / f"{name}.sql").read_text(encoding="utf-8"))


def _run(script: str) -> None:
    cursor = op.get_bind().connection.cursor()
    cursor.execute(script)
    cursor.close()


def downgrade() -> None:
    """Take back."""
    bind = op.get_bind()
    views = bind.execute(text("SELECT viewname FROM pg_views WHERE viewname LIKE 'invariant\\_%'")).scalars().all()
    for view in views:
        op.execute(f'DROP VIEW "{view}"')
    op.execute("DROP FUNCTION refuse_unbalanced_journal, refuse_change CASCADE")
    op.execute("DROP TABLE procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs, procrastinate_workers CASCADE")

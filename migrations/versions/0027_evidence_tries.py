"""Evidence that could not be written is tried again later, each time later still, and keeps no other waiting."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_AGAIN = sa.DateTime(timezone=True)
_GRANT = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_app') THEN
        GRANT UPDATE (tries, again_at) ON case_evidence TO anju_app;
    END IF;
END $$
"""


def upgrade() -> None:
    """Apply. The version before looks at neither column: it tries the oldest first, as it did."""
    op.add_column("case_evidence", sa.Column("tries", sa.Integer(), server_default="0", nullable=False))
    op.add_column("case_evidence", sa.Column("again_at", _AGAIN, nullable=True))
    _index("tries", "ended_at")
    op.execute(_GRANT)


def downgrade() -> None:
    """Take back."""
    _index("ended_at")
    op.drop_column("case_evidence", "again_at")
    op.drop_column("case_evidence", "tries")


def _index(*columns: str) -> None:
    op.drop_index("ix_case_evidence_due", "case_evidence")
    op.create_index(
        "ix_case_evidence_due",
        "case_evidence",
        list(columns),
        postgresql_where=sa.text("written_at IS NULL"),
    )

"""The index by which answers of other departments are found when their day is over."""

from __future__ import annotations

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.execute("CREATE INDEX ix_share_call_kept ON share_call (asked_at) WHERE data_sealed IS NOT NULL")


def downgrade() -> None:
    """Take back."""
    op.execute("DROP INDEX ix_share_call_kept")

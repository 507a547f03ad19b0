"""The index by which addresses of notices that ended are found when their week is over."""

from __future__ import annotations

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.execute(
        "CREATE INDEX ix_notice_intent_kept ON notice_intent (updated_at) WHERE recipient_sealed IS NOT NULL"
        " AND state IN ('delivered', 'failed', 'not_subscribed')"
    )


def downgrade() -> None:
    """Take back."""
    op.execute("DROP INDEX ix_notice_intent_kept")

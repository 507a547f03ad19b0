"""What the bank told of on a day is found by when it came: notices of closed days are compared with the open one."""

from __future__ import annotations

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. Notices are written in the order they come: an index of ranges, which costs a notice nothing."""
    op.create_index("ix_bank_notice_received_at", "bank_notice", ["received_at"], postgresql_using="brin")


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_bank_notice_received_at", "bank_notice")

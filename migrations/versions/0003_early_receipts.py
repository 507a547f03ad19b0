"""Receipts that overtake the provider's answer are kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "notice_early_receipt",
        sa.Column("channel", sa.String(10), nullable=False),
        sa.Column("provider_ref", sa.String(120), nullable=False),
        sa.Column("delivered", sa.Boolean(), nullable=False),
        sa.Column("fault", sa.String(60), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "provider_ref", name=op.f("pk_notice_early_receipt")),
    )
    op.create_index(op.f("ix_notice_early_receipt_received_at"), "notice_early_receipt", ["received_at"])
    op.execute(
        "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_app') THEN"
        " GRANT SELECT, INSERT, UPDATE, DELETE ON notice_early_receipt TO anju_app; END IF; END $$"
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("notice_early_receipt")

"""Phone numbers: changes of the number a member is reached at."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_GRANTS = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_app') THEN
        GRANT SELECT, INSERT, UPDATE ON phone_change TO anju_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_ro') THEN
        GRANT SELECT (account_id, application_id, changed_at) ON phone_change TO anju_ro;
    END IF;
END $$
"""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "phone_change",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("former_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "application_id", name=op.f("pk_phone_change")),
    )
    op.create_index(op.f("ix_phone_change_changed_at"), "phone_change", ["changed_at"])
    op.execute(_GRANTS)


def downgrade() -> None:
    """Take back."""
    op.drop_table("phone_change")

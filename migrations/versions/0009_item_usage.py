"""Caps that several members share, and when an account was sealed or closed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_EMPTY = """
CREATE VIEW invariant_i25_a_closed_account_is_empty AS
SELECT account_id FROM provident_fund_account a JOIN member_balance b USING (account_id)
WHERE (a.state = '05' AND (b.balance_fen <> 0 OR a.closed_on IS NULL OR a.close_reason IS NULL))
   OR (a.state <> '05' AND a.closed_on IS NOT NULL)
"""
_GRANTS = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_app') THEN
        GRANT SELECT, INSERT ON item_usage TO anju_app;
        GRANT SELECT ON invariant_i25_a_closed_account_is_empty TO anju_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_ro') THEN
        GRANT SELECT ON item_usage, invariant_i25_a_closed_account_is_empty TO anju_ro;
    END IF;
END $$
"""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "item_usage",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "application_id", "key", name=op.f("pk_item_usage")),
    )
    op.create_index(op.f("ix_item_usage_key"), "item_usage", ["key"])
    op.add_column("provident_fund_account", sa.Column("sealed_on", sa.Date(), nullable=True))
    op.add_column("provident_fund_account", sa.Column("closed_on", sa.Date(), nullable=True))
    op.add_column("provident_fund_account", sa.Column("close_reason", sa.String(2), nullable=True))
    op.execute(_EMPTY)
    op.execute(_GRANTS)


def downgrade() -> None:
    """Take back."""
    op.execute("DROP VIEW invariant_i25_a_closed_account_is_empty")
    for name in ("close_reason", "closed_on", "sealed_on"):
        op.drop_column("provident_fund_account", name)
    op.drop_table("item_usage")

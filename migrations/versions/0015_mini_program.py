"""Mini-program: its users with WeChat's session key, sealed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_GRANTS = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_app') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON mini_user TO anju_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_ro') THEN
        GRANT SELECT ON mini_user TO anju_ro;
    END IF;
END $$
"""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "mini_user",
        sa.Column("openid_mac", sa.LargeBinary(), nullable=False),
        sa.Column("session_key_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("unionid_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("signed_in_at", _INSTANT, nullable=False),
        sa.Column("confirmed_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("openid_mac", name=op.f("pk_mini_user")),
    )
    op.create_index(op.f("ix_mini_user_signed_in_at"), "mini_user", ["signed_in_at"])
    op.execute(_GRANTS)


def downgrade() -> None:
    """Take back."""
    op.drop_table("mini_user")

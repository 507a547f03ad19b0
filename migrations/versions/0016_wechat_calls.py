"""Calls to WeChat: quotas counted for each API and day, who unsubscribed, and answers that a resend gets again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_GRANTS = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_app') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON wechat_quota, wechat_follower, wechat_callback_seen TO anju_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_ro') THEN
        GRANT SELECT ON wechat_quota, wechat_follower TO anju_ro;
    END IF;
END $$
"""


def upgrade() -> None:
    """Apply."""
    op.add_column("wechat_callback_seen", sa.Column("answer", sa.Text(), nullable=True))
    op.create_table(
        "wechat_follower",
        sa.Column("openid_mac", sa.LargeBinary(), nullable=False),
        sa.Column("follows", sa.Boolean(), nullable=False),
        sa.Column("scene", sa.String(length=64), nullable=True),
        sa.Column("told_at_s", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("openid_mac", name=op.f("pk_wechat_follower")),
    )
    op.create_table(
        "wechat_quota",
        sa.Column("appid", sa.String(length=32), nullable=False),
        sa.Column("call", sa.String(length=60), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.Column("paused_until", _INSTANT, nullable=True),
        sa.Column("first_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("appid", "call", "day", name=op.f("pk_wechat_quota")),
    )
    op.execute(_GRANTS)


def downgrade() -> None:
    """Take back."""
    op.drop_table("wechat_quota")
    op.drop_table("wechat_follower")
    op.drop_column("wechat_callback_seen", "answer")

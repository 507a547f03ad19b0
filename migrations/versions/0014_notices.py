"""Notices: when to look at an intent again, subscriptions, quiet hours, consents, costs and circulars."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_COLUMNS = (
    sa.Column("version", sa.SmallInteger(), server_default="1", nullable=False),
    sa.Column("due_at", _INSTANT, nullable=True),
    sa.Column("asked", sa.SmallInteger(), server_default="0", nullable=False),
    sa.Column("way", sa.String(length=10), nullable=True),
    sa.Column("held_why", sa.String(length=10), nullable=True),
    sa.Column("fallback", sa.String(length=20), nullable=True),
    sa.Column("cost_fen", sa.SmallInteger(), server_default="0", nullable=False),
    sa.Column("read_at", _INSTANT, nullable=True),
)
_TABLES = (
    "notice_subscription",
    "notice_quiet_hours",
    "notice_consent",
    "notice_spend",
    "notice_circular",
)
_GRANTS = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_app') THEN
        GRANT SELECT, INSERT, UPDATE ON notice_subscription, notice_quiet_hours, notice_consent, notice_spend,
            notice_circular TO anju_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_ro') THEN
        GRANT SELECT ON notice_subscription, notice_quiet_hours, notice_consent, notice_spend,
            notice_circular TO anju_ro;
    END IF;
END $$
"""
_WAITING = (
    "UPDATE notice_intent SET due_at = updated_at + interval '20 seconds'"
    " WHERE state IN ('created', 'sending', 'submitted', 'uncertain')"
)


def upgrade() -> None:
    """Apply."""
    for column in _COLUMNS:
        op.add_column("notice_intent", column.copy())
    op.execute(_WAITING)
    op.create_index(
        "ix_notice_intent_due_at", "notice_intent", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.add_column("notice_early_receipt", sa.Column("recipient_mac", sa.LargeBinary(), nullable=True))
    op.create_index(
        "ix_notice_early_receipt_recipient_mac", "notice_early_receipt", ["recipient_mac", "received_at"]
    )
    _members_wishes()
    _costs_and_circulars()
    op.execute(_GRANTS)


def _members_wishes() -> None:
    op.create_table(
        "notice_subscription",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column("changed_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "topic", "channel", name=op.f("pk_notice_subscription")),
    )
    op.create_table(
        "notice_quiet_hours",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column("from_minute", sa.SmallInteger(), nullable=False),
        sa.Column("until_minute", sa.SmallInteger(), nullable=False),
        sa.Column("changed_at", _INSTANT, nullable=False),
        sa.CheckConstraint(
            "from_minute BETWEEN 0 AND 1439 AND until_minute BETWEEN 0 AND 1439 AND from_minute <> until_minute",
            name=op.f("ck_notice_quiet_hours_minutes_of_a_day"),
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_notice_quiet_hours")),
    )
    op.create_table(
        "notice_consent",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("way", sa.String(length=10), nullable=False),
        sa.Column("template", sa.String(length=40), nullable=False),
        sa.Column("left_count", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("told_by", sa.String(length=10), nullable=False),
        sa.Column("changed_at", _INSTANT, nullable=False),
        sa.CheckConstraint("left_count >= 0", name=op.f("ck_notice_consent_left_count")),
        sa.PrimaryKeyConstraint("account_id", "way", "template", name=op.f("pk_notice_consent")),
    )


def _costs_and_circulars() -> None:
    op.create_table(
        "notice_spend",
        sa.Column("spent_on", sa.Date(), nullable=False),
        sa.Column("slot", sa.SmallInteger(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("cost_fen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("spent_on", "slot", name=op.f("pk_notice_spend")),
    )
    op.create_table(
        "notice_circular",
        sa.Column("circular_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=20), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("last_account_id", sa.Uuid(), nullable=True),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("finished_at", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("circular_id", name=op.f("pk_notice_circular")),
    )


def downgrade() -> None:
    """Take back."""
    for table in reversed(_TABLES):
        op.drop_table(table)
    op.drop_index("ix_notice_early_receipt_recipient_mac", table_name="notice_early_receipt")
    op.drop_column("notice_early_receipt", "recipient_mac")
    op.drop_index("ix_notice_intent_due_at", table_name="notice_intent")
    for column in reversed(_COLUMNS):
        op.drop_column("notice_intent", column.name)

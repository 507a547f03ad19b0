"""The member's own controls: withdrawal lock, own daily limit, rating of a case, relatives who may look, notices of the centre."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)
_TABLES = "withdrawal_lock, daily_limit, case_rating, relative_link, announcement"
_GRANTS = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_app') THEN
        GRANT SELECT, INSERT, UPDATE ON {tables} TO anju_app;
        REVOKE DELETE, TRUNCATE ON {tables} FROM anju_app;
        GRANT SELECT ON invariant_i90_nothing_leaves_a_locked_account TO anju_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_ro') THEN
        GRANT SELECT ON {tables}, invariant_i90_nothing_leaves_a_locked_account TO anju_ro;
    END IF;
END $$
"""
# What the member has agreed to beforehand ("agreed") is paused by the run itself, or goes on, as policy says.
_LOCKED = """
CREATE VIEW invariant_i90_nothing_leaves_a_locked_account AS
SELECT t.account_id, t.application_id, t.at, l.locked_at
FROM transition t
JOIN application a ON a.account_id = t.account_id AND a.application_id = t.application_id
JOIN withdrawal_lock l ON l.account_id = t.account_id
    AND t.at > l.locked_at AND t.at < coalesce(l.opened_at, l.unlock_from, 'infinity')
WHERE t.target = 'approved' AND t.event <> 'agreed' AND a.payee_sealed IS NOT NULL
"""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "withdrawal_lock",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("lock_id", sa.Uuid(), nullable=False),
        sa.Column("locked_by", sa.String(40), nullable=False),
        sa.Column("reason", sa.String(100), nullable=False),
        sa.Column("locked_at", _AT, nullable=False),
        sa.Column("unlock_asked_at", _AT, nullable=True),
        sa.Column("unlock_from", _AT, nullable=True),
        sa.Column("opened_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("account_id", "lock_id", name=op.f("pk_withdrawal_lock")),
        sa.CheckConstraint(
            "(unlock_asked_at IS NULL) = (unlock_from IS NULL)", name=op.f("ck_withdrawal_lock_asked")
        ),
        sa.CheckConstraint(
            "opened_at IS NULL OR opened_at >= unlock_from", name=op.f("ck_withdrawal_lock_waited")
        ),
    )
    op.create_index(
        "uq_withdrawal_lock_closed",
        "withdrawal_lock",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("opened_at IS NULL"),
    )
    op.create_index(
        "ix_withdrawal_lock_unlock_from",
        "withdrawal_lock",
        ["unlock_from"],
        postgresql_where=sa.text("opened_at IS NULL"),
    )
    op.create_table(
        "daily_limit",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("limit_id", sa.Uuid(), nullable=False),
        sa.Column("limit_fen", sa.BigInteger(), nullable=True),
        sa.Column("set_at", _AT, nullable=False),
        sa.Column("from_at", _AT, nullable=False),
        sa.Column("voided_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("account_id", "limit_id", name=op.f("pk_daily_limit")),
        sa.CheckConstraint("limit_fen > 0", name=op.f("ck_daily_limit_positive")),
        sa.CheckConstraint("from_at >= set_at", name=op.f("ck_daily_limit_forward")),
    )
    op.create_table(
        "case_rating",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("reasons", JSONB(), nullable=False),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("rated_at", _AT, nullable=False),
        sa.Column("added_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("added_at", _AT, nullable=True),
        sa.Column("answer_due_on", sa.Date(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("taken_at", _AT, nullable=True),
        sa.Column("answer_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("answered_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("account_id", "application_id", name=op.f("pk_case_rating")),
        sa.ForeignKeyConstraint(
            ["account_id", "application_id"],
            ["application.account_id", "application.application_id"],
            name=op.f("fk_case_rating_application"),
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["staff.staff_id"], name=op.f("fk_case_rating_owner_id")),
        sa.CheckConstraint("level BETWEEN 1 AND 5", name=op.f("ck_case_rating_level")),
        sa.CheckConstraint(
            "(level <= 2) = (answer_due_on IS NOT NULL)", name=op.f("ck_case_rating_bad_is_due")
        ),
        sa.CheckConstraint("(added_sealed IS NULL) = (added_at IS NULL)", name=op.f("ck_case_rating_added")),
        sa.CheckConstraint("(owner_id IS NULL) = (taken_at IS NULL)", name=op.f("ck_case_rating_taken")),
        sa.CheckConstraint(
            "(answer_sealed IS NULL) = (answered_at IS NULL) AND (answered_at IS NULL OR owner_id IS NOT NULL)",
            name=op.f("ck_case_rating_answered"),
        ),
    )
    op.create_index(
        "ix_case_rating_due",
        "case_rating",
        ["answer_due_on"],
        postgresql_where=sa.text("answer_due_on IS NOT NULL AND answered_at IS NULL"),
    )
    op.create_index("ix_case_rating_rated_at", "case_rating", ["rated_at"])
    op.create_table(
        "relative_link",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(20), nullable=False),
        sa.Column("code_mac", sa.LargeBinary(), nullable=True),
        sa.Column("code_until", _AT, nullable=False),
        sa.Column("relative_id", sa.Uuid(), nullable=True),
        sa.Column("invited_at", _AT, nullable=False),
        sa.Column("accepted_at", _AT, nullable=True),
        sa.Column("ended_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("account_id", "link_id", name=op.f("pk_relative_link")),
        sa.CheckConstraint(
            "(relative_id IS NULL) = (accepted_at IS NULL)", name=op.f("ck_relative_link_accepted")
        ),
        sa.CheckConstraint("relative_id <> account_id", name=op.f("ck_relative_link_another")),
    )
    op.create_index("ix_relative_link_code_mac", "relative_link", ["code_mac"], unique=True)
    op.create_index(
        "uq_relative_link_live",
        "relative_link",
        ["relative_id", "account_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "announcement",
        sa.Column("announcement_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("words", sa.String(200), nullable=False),
        sa.Column("from_at", _AT, nullable=False),
        sa.Column("until_at", _AT, nullable=False),
        sa.Column("published_by", sa.String(40), nullable=False),
        sa.Column("published_at", _AT, nullable=False),
        sa.Column("withdrawn_by", sa.String(40), nullable=True),
        sa.Column("withdrawn_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("announcement_id", name=op.f("pk_announcement")),
        sa.CheckConstraint("until_at > from_at", name=op.f("ck_announcement_forward")),
        sa.CheckConstraint("kind IN ('outage', 'news')", name=op.f("ck_announcement_kind")),
    )
    op.create_index(
        "ix_announcement_until_at",
        "announcement",
        ["until_at"],
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.execute(_LOCKED)
    op.execute(_GRANTS.format(tables=_TABLES))


def downgrade() -> None:
    """Take back."""
    op.execute("DROP VIEW invariant_i90_nothing_leaves_a_locked_account")
    for table in ("announcement", "relative_link", "case_rating", "daily_limit", "withdrawal_lock"):
        op.drop_table(table)

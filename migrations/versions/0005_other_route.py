"""Another way than the face, payments that wait, and risk decisions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_LIVE = "'submitted', 'verifying', 'in_review', 'approved', {}'paying', 'accepted', 'unknown'"
_IN_FLIGHT = "uq_application_money_in_flight"


def upgrade() -> None:
    """Apply."""
    op.add_column("payment_instruction", sa.Column("due_at", _INSTANT))
    op.add_column("sms_challenge", sa.Column("operation", sa.LargeBinary()))
    op.add_column("member", sa.Column("phone_changed_at", _INSTANT))
    _card_sms_check()
    _risk_decision()
    _one_in_flight("'waiting', ")
    op.execute(_HOLDS.format("'waiting', "))
    op.execute(_FOLLOWS.format("    OR (a.state = 'waiting' AND (i.state <> 'ready' OR i.due_at IS NULL))\n", "'waiting', "))
    op.execute(_IN_FLIGHT_VIEW.format(_LIVE.format("'waiting', ")))
    op.execute(_NEVER_EARLY)
    op.execute(_PROVEN)
    op.execute(
        "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_app') THEN"
        " GRANT SELECT, INSERT, UPDATE, DELETE ON card_sms_check TO anju_app;"
        " GRANT SELECT, INSERT ON risk_decision TO anju_app;"
        " GRANT SELECT ON invariant_i23_nothing_sent_before_it_is_due, invariant_i24_no_money_without_proof"
        " TO anju_app; END IF;"
        " IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_ro') THEN"
        " GRANT SELECT ON card_sms_check, risk_decision, invariant_i23_nothing_sent_before_it_is_due,"
        " invariant_i24_no_money_without_proof TO anju_ro; END IF; END $$"
    )


def _card_sms_check() -> None:
    op.create_table(
        "card_sms_check",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("card_id", sa.Uuid(), nullable=False),
        sa.Column("matched", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(40)),
        sa.Column("as_of", _INSTANT, nullable=False),
        sa.Column("checked_at", _INSTANT, nullable=False),
        sa.Column("challenge_id", sa.Uuid()),
        sa.Column("passed_at", _INSTANT),
        sa.PrimaryKeyConstraint("account_id", "application_id", name=op.f("pk_card_sms_check")),
    )


def _risk_decision() -> None:
    op.create_table(
        "risk_decision",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("route", sa.String(10), nullable=False),
        sa.Column("outcome", sa.String(12), nullable=False),
        sa.Column("delay_hours", sa.Integer(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("policy_version", sa.String(12), nullable=False),
        sa.Column("decided_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "decision_id", name=op.f("pk_risk_decision")),
    )
    op.create_index("ix_risk_decision_application", "risk_decision", ["account_id", "application_id"])


def _one_in_flight(waiting: str) -> None:
    """A payment that waits is in flight like any other."""
    op.drop_index(_IN_FLIGHT, table_name="application")
    op.create_index(
        _IN_FLIGHT,
        "application",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text(f"kind = 'withdrawal' AND state IN ({_LIVE.format(waiting)})"),
    )


def downgrade() -> None:
    """Take back. Applications that wait have to be paid or called back before."""
    op.execute("DROP VIEW invariant_i23_nothing_sent_before_it_is_due, invariant_i24_no_money_without_proof")
    op.execute(_HOLDS.format(""))
    op.execute(_FOLLOWS.format("", ""))
    op.execute(_IN_FLIGHT_VIEW.format(_LIVE.format("")))
    _one_in_flight("")
    op.drop_table("risk_decision")
    op.drop_table("card_sms_check")
    op.drop_column("member", "phone_changed_at")
    op.drop_column("sms_challenge", "operation")
    op.drop_column("payment_instruction", "due_at")


# The views of 0002 that name states, with `waiting` where it belongs.
_HOLDS = """
CREATE OR REPLACE VIEW invariant_i06_holds_equal_open_cases AS
SELECT b.account_id, b.held_fen, coalesce(a.fen, 0) AS open_fen
FROM member_balance b
LEFT JOIN (
    SELECT account_id, sum(amount_fen) AS fen FROM application
    WHERE kind = 'withdrawal' AND state IN ('approved', {}'paying', 'accepted', 'unknown') GROUP BY 1
) a USING (account_id)
WHERE b.held_fen <> coalesce(a.fen, 0)
"""
_FOLLOWS = """
CREATE OR REPLACE VIEW invariant_i07_instruction_follows_case AS
SELECT a.account_id, a.application_id, a.state, i.state AS instruction_state
FROM application a LEFT JOIN payment_instruction i USING (account_id, application_id)
WHERE a.kind = 'withdrawal' AND (
    (a.state = 'approved' AND i.state IS DISTINCT FROM 'ready')
{}    OR (a.state = 'paying' AND i.state NOT IN ('ready', 'sending'))
    OR (a.state = 'accepted' AND i.state <> 'accepted')
    OR (a.state = 'unknown' AND i.state <> 'unknown')
    OR (a.state = 'paid' AND i.state <> 'paid')
    OR (a.state = 'returned' AND i.state NOT IN ('rejected', 'returned'))
    OR (a.state NOT IN ('approved', 'waiting', 'paying', 'accepted', 'unknown', 'paid', 'returned', 'cancelled')
        AND i.state IS NOT NULL)
    OR (a.state = 'cancelled' AND i.state <> 'cancelled')
    OR (a.state IN ('approved', {}'paying', 'accepted', 'unknown', 'paid', 'returned') AND i.state IS NULL))
"""
_IN_FLIGHT_VIEW = """
CREATE OR REPLACE VIEW invariant_i13_one_money_case_in_flight AS
SELECT account_id, count(*) AS n FROM application
WHERE kind = 'withdrawal' AND state IN ({})
GROUP BY 1 HAVING count(*) > 1
"""
_NEVER_EARLY = """
CREATE VIEW invariant_i23_nothing_sent_before_it_is_due AS
SELECT i.account_id, i.instruction_id, i.due_at, t.at
FROM payment_instruction i JOIN transition t USING (account_id, application_id)
WHERE t.target = 'paying' AND t.at < i.due_at
"""
_PROVEN = """
CREATE VIEW invariant_i24_no_money_without_proof AS
SELECT a.account_id, a.application_id, t.event
FROM application a JOIN transition t USING (account_id, application_id)
LEFT JOIN card_sms_check c USING (account_id, application_id)
WHERE a.kind = 'withdrawal' AND t.event = 'card_passed'
  AND (c.passed_at IS NULL OR NOT c.matched OR t.at > c.passed_at + interval '1 minute'
       OR c.card_id::text <> a.payee->>'card_id')
"""

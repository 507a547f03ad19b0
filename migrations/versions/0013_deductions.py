"""Deductions from a member's repayment card, reminders of instalments, and faults of agreements that stay in sight."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_LIVE = "state IN ('ready', 'sending', 'accepted', 'unknown', 'unbooked')"
_VIEWS = (
    "invariant_i50_a_deduction_is_booked_once",
    "invariant_i51_a_deduction_has_its_bank_lines",
    "invariant_i52_nothing_collected_waits_for_the_books",
    "invariant_i53_a_case_follows_its_deduction",
    "invariant_i54_a_plan_stands_while_its_card_is_asked",
    "invariant_i55_what_was_taken_back_is_owed",
)


def upgrade() -> None:
    """Apply."""
    op.add_column("loan", sa.Column("grace_days", sa.SmallInteger(), nullable=False, server_default="0"))
    op.add_column("loan", sa.Column("due_shift", sa.String(4), nullable=False, server_default="none"))
    op.add_column("loan_agreement", sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("loan_agreement", sa.Column("fault", sa.String(120), nullable=True))
    op.create_index(
        "ix_loan_instalment_due_on",
        "loan_instalment",
        ["due_on"],
        postgresql_where=sa.text("state <> 'paid'"),
    )
    _deduction()
    _reminder()
    _one_in_flight("'collecting', ")
    op.execute(_HOLDS.format(_WITH_DEDUCTIONS.format(live=_LIVE), "h.fen"))
    op.execute(_IN_FLIGHT.format("'collecting', "))
    op.execute(_REPAID.format(""))
    for view in (_BOOKED, _LINES, _UNBOOKED, _FOLLOWS.format(live=_LIVE), _STANDS.format(live=_LIVE), _OWED):
        op.execute(view)
    op.execute(_GRANTS.format(views=", ".join(_VIEWS)))


def _deduction() -> None:
    fen = [
        sa.Column(name, sa.BigInteger(), nullable=False)
        for name in ("amount_fen", "principal_fen", "interest_fen", "penalty_fen", "held_fen")
    ]
    op.create_table(
        "deduction",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("deduction_id", sa.Uuid(), nullable=False),
        sa.Column("instruction_no", sa.String(15), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=True),
        sa.Column("purpose", sa.String(12), nullable=False),
        sa.Column("terms", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        *fen,
        sa.Column("valued_on", sa.Date(), nullable=False),
        sa.Column("settle_type", sa.String(1), nullable=False),
        sa.Column("payer_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("tail4", sa.String(4), nullable=False),
        sa.Column("loan_no", sa.String(30), nullable=False),
        sa.Column("summary", sa.String(60), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("host_seq_no", sa.String(40), nullable=True),
        sa.Column("reply", sa.String(120), nullable=True),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.CheckConstraint(
            "amount_fen > 0 AND held_fen >= 0 AND principal_fen + interest_fen + penalty_fen = amount_fen",
            name=op.f("ck_deduction_amounts"),
        ),
        sa.PrimaryKeyConstraint("account_id", "deduction_id", name=op.f("pk_deduction")),
        sa.UniqueConstraint("instruction_no", name=op.f("uq_deduction_instruction_no")),
    )
    op.create_index(
        "uq_deduction_live",
        "deduction",
        ["account_id", "loan_id"],
        unique=True,
        postgresql_where=sa.text(_LIVE),
    )
    op.create_index("ix_deduction_state", "deduction", ["state", "updated_at"])
    op.create_index("ix_deduction_application_id", "deduction", ["application_id"])


def _reminder() -> None:
    op.create_table(
        "loan_reminder",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("told_at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "loan_id"],
            ["loan.account_id", "loan.loan_id"],
            name=op.f("fk_loan_reminder_account_id_loan_id"),
        ),
        sa.PrimaryKeyConstraint("account_id", "loan_id", "due_on", name=op.f("pk_loan_reminder")),
    )


def _one_in_flight(more: str) -> None:
    op.drop_index("uq_application_money_in_flight", "application")
    op.create_index(
        "uq_application_money_in_flight",
        "application",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text(
            "kind = 'withdrawal' AND state IN ('submitted', 'verifying', 'in_review', 'approved', 'waiting',"
            f" {more}'paying', 'accepted', 'unknown')"
        ),
    )


def downgrade() -> None:
    """Take back."""
    for view in _VIEWS:
        op.execute(f"DROP VIEW {view}")
    op.execute(_HOLDS.format("", "0"))
    op.execute(_IN_FLIGHT.format(""))
    op.execute(_REPAID.format(" AND r.source = 'fund'"))
    _one_in_flight("")
    op.drop_table("loan_reminder")
    op.drop_table("deduction")
    op.drop_index("ix_loan_instalment_due_on", "loan_instalment")
    for table, column in (
        ("loan_agreement", "fault"),
        ("loan_agreement", "attempts"),
        ("loan", "due_shift"),
        ("loan", "grace_days"),
    ):
        op.drop_column(table, column)


# The views of 0005 and 0010 that name states or purses, with what a card brings to them.
_WITH_DEDUCTIONS = """
LEFT JOIN (
    SELECT account_id, sum(held_fen) AS fen FROM deduction WHERE {live} GROUP BY 1
) h USING (account_id)
"""
_HOLDS = """
CREATE OR REPLACE VIEW invariant_i06_holds_equal_open_cases AS
SELECT b.account_id, b.held_fen, coalesce(a.fen, 0) + coalesce({1}, 0) AS open_fen
FROM member_balance b
LEFT JOIN (
    SELECT account_id, sum(amount_fen) AS fen FROM application
    WHERE kind = 'withdrawal' AND state IN ('approved', 'waiting', 'paying', 'accepted', 'unknown') GROUP BY 1
) a USING (account_id)
{0}
WHERE b.held_fen <> coalesce(a.fen, 0) + coalesce({1}, 0)
"""
_IN_FLIGHT = """
CREATE OR REPLACE VIEW invariant_i13_one_money_case_in_flight AS
SELECT account_id, count(*) AS n FROM application
WHERE kind = 'withdrawal' AND state IN
    ('submitted', 'verifying', 'in_review', 'approved', 'waiting', {}'paying', 'accepted', 'unknown')
GROUP BY 1 HAVING count(*) > 1
"""
_REPAID = """
CREATE OR REPLACE VIEW invariant_i30_a_repaid_case_is_in_the_loan_s_books AS
SELECT a.account_id, a.application_id, a.amount_fen,
       coalesce(sum(r.principal_fen + r.interest_fen + r.penalty_fen), 0) AS booked_fen
FROM application a
LEFT JOIN LATERAL jsonb_array_elements_text(a.result -> 'booked') AS b(ref) ON true
LEFT JOIN loan_repayment r ON r.business_ref = b.ref AND r.payer_account_id = a.account_id{}
WHERE a.state = 'repaid'
GROUP BY 1, 2, 3
HAVING a.amount_fen IS DISTINCT FROM coalesce(sum(r.principal_fen + r.interest_fen + r.penalty_fen), 0)
"""
# A deduction's bookings are named in its terms: the card's part is its sum, the fund's what was on hold.
_BOOKED = """
CREATE VIEW invariant_i50_a_deduction_is_booked_once AS
SELECT d.account_id, d.deduction_id, d.amount_fen, d.held_fen, b.card_fen, b.fund_fen
FROM deduction d
CROSS JOIN LATERAL (
    SELECT coalesce(sum(fen) FILTER (WHERE source = 'card'), 0) AS card_fen,
           coalesce(sum(fen) FILTER (WHERE source = 'fund'), 0) AS fund_fen
    FROM (
        SELECT r.source, r.principal_fen + r.interest_fen + r.penalty_fen AS fen
        FROM jsonb_array_elements_text(d.terms -> 'booked') AS n(ref)
        JOIN loan_repayment r
            ON r.account_id = d.account_id AND r.loan_id = d.loan_id AND r.business_ref = n.ref
        UNION ALL
        SELECT 'card', p.fen FROM journal j JOIN posting p USING (account_id, journal_id)
        WHERE j.account_id = d.account_id AND p.gl_code = '101'
          AND j.business_ref = 'deduction:' || d.deduction_id || '\\:recover'
    ) AS bookings
) b
WHERE b.card_fen <> CASE WHEN d.state IN ('collected', 'taken_back') THEN d.amount_fen ELSE 0 END
   OR b.fund_fen <> CASE WHEN d.state IN ('collected', 'taken_back') THEN d.held_fen ELSE 0 END
UNION ALL
SELECT account_id, NULL, NULL, NULL, count(*), NULL
FROM deduction CROSS JOIN LATERAL jsonb_array_elements_text(terms -> 'booked') AS n(ref)
GROUP BY account_id, ref HAVING count(*) > 1
"""
_LINES = """
CREATE VIEW invariant_i51_a_deduction_has_its_bank_lines AS
SELECT d.account_id, d.instruction_no, d.state,
       count(*) FILTER (WHERE n.outcome IN ('collected', 'unbooked')) AS credits,
       count(*) FILTER (WHERE n.outcome = 'taken_back') AS debits
FROM deduction d LEFT JOIN bank_notice n ON n.instruction_no = d.instruction_no
GROUP BY 1, 2, 3
HAVING count(*) FILTER (WHERE n.outcome IN ('collected', 'unbooked'))
        <> (d.state IN ('collected', 'unbooked', 'taken_back'))::int
    OR count(*) FILTER (WHERE n.outcome = 'taken_back') <> (d.state = 'taken_back')::int
"""
_UNBOOKED = """
CREATE VIEW invariant_i52_nothing_collected_waits_for_the_books AS
SELECT account_id, deduction_id, updated_at FROM deduction WHERE state = 'unbooked'
"""
_FOLLOWS = """
CREATE VIEW invariant_i53_a_case_follows_its_deduction AS
SELECT a.account_id, a.application_id, a.state, d.state AS deduction_state
FROM application a LEFT JOIN deduction d USING (account_id, application_id)
WHERE (a.state = 'collecting' AND (d.state IS NULL OR NOT d.{live}))
   OR (a.state = 'uncollected' AND d.state IS DISTINCT FROM 'rejected')
   OR (a.state = 'repaid' AND d.state IS NOT NULL AND d.state NOT IN ('collected', 'taken_back'))
   OR (a.state NOT IN ('collecting', 'uncollected', 'repaid') AND d.state IS NOT NULL)
"""
_STANDS = """
CREATE VIEW invariant_i54_a_plan_stands_while_its_card_is_asked AS
SELECT d.account_id, d.deduction_id, l.plan_version
FROM deduction d JOIN loan l USING (account_id, loan_id)
WHERE d.{live} AND (d.terms ->> 'plan_version')::int IS DISTINCT FROM l.plan_version
"""
_OWED = """
CREATE VIEW invariant_i55_what_was_taken_back_is_owed AS
SELECT d.account_id, d.fen, coalesce(b.fen, 0) AS booked_fen
FROM (
    SELECT account_id, coalesce(sum(amount_fen) FILTER (WHERE state = 'taken_back'), 0)
        - coalesce(sum(amount_fen) FILTER (WHERE purpose = 'recovery' AND state IN ('collected', 'taken_back')), 0)
        AS fen
    FROM deduction GROUP BY 1
) d
LEFT JOIN (
    SELECT account_id, sum(fen) AS fen FROM posting JOIN journal USING (account_id, journal_id)
    WHERE gl_code = '119' AND kind IN ('deduction_taken_back', 'deduction_recovered') GROUP BY 1
) b USING (account_id)
WHERE d.fen <> coalesce(b.fen, 0)
"""
_GRANTS = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_app') THEN
        GRANT SELECT, INSERT, UPDATE ON deduction TO anju_app;
        GRANT SELECT, INSERT ON loan_reminder TO anju_app;
        GRANT SELECT ON {views} TO anju_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_ro') THEN
        GRANT SELECT ON deduction, loan_reminder, {views} TO anju_ro;
    END IF;
END $$
"""

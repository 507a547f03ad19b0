"""Agreements and repayments from the fund: agreements with their runs, the discharge of a settled loan's mortgage, and cases that end in the loan's books."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_VIEWS = (
    "invariant_i30_a_repaid_case_is_in_the_loan_s_books",
    "invariant_i31_a_settled_case_frees_the_house",
    "invariant_i32_a_month_is_paid_for_once",
)
_REPAID = """
CREATE VIEW invariant_i30_a_repaid_case_is_in_the_loan_s_books AS
SELECT a.account_id, a.application_id, a.amount_fen,
       coalesce(sum(r.principal_fen + r.interest_fen + r.penalty_fen), 0) AS booked_fen
FROM application a
LEFT JOIN LATERAL jsonb_array_elements_text(a.result -> 'booked') AS b(ref) ON true
LEFT JOIN loan_repayment r ON r.business_ref = b.ref AND r.payer_account_id = a.account_id AND r.source = 'fund'
WHERE a.state = 'repaid'
GROUP BY 1, 2, 3
HAVING a.amount_fen IS DISTINCT FROM coalesce(sum(r.principal_fen + r.interest_fen + r.penalty_fen), 0)
"""
_FREED = """
CREATE VIEW invariant_i31_a_settled_case_frees_the_house AS
SELECT a.account_id, a.application_id FROM application a
LEFT JOIN mortgage_discharge d ON d.loan_id::text = a.result -> 'repaid' ->> 'loan_id'
WHERE a.state = 'repaid' AND (a.result -> 'repaid' ->> 'settled')::boolean AND d.loan_id IS NULL
"""
_ONCE = """
CREATE VIEW invariant_i32_a_month_is_paid_for_once AS
SELECT g.account_id, g.loan_ref, m.month, count(*) AS n
FROM agreement_run r
JOIN loan_agreement g USING (account_id, agreement_id)
JOIN application a ON a.account_id = r.account_id AND a.application_id = r.application_id
CROSS JOIN LATERAL jsonb_array_elements_text(r.months) AS m(month)
WHERE a.state NOT IN ('returned', 'cancelled', 'refused', 'expired')
GROUP BY 1, 2, 3 HAVING count(*) > 1
"""
_GRANTS = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_app') THEN
        GRANT SELECT, INSERT, UPDATE ON mortgage_discharge, loan_agreement TO anju_app;
        GRANT SELECT, INSERT ON agreement_run TO anju_app;
        GRANT SELECT ON invariant_i30_a_repaid_case_is_in_the_loan_s_books,
            invariant_i31_a_settled_case_frees_the_house, invariant_i32_a_month_is_paid_for_once TO anju_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_ro') THEN
        GRANT SELECT ON mortgage_discharge, loan_agreement, agreement_run, invariant_i30_a_repaid_case_is_in_the_loan_s_books,
            invariant_i31_a_settled_case_frees_the_house, invariant_i32_a_month_is_paid_for_once TO anju_ro;
    END IF;
END $$
"""


def upgrade() -> None:
    """Apply."""
    _discharge()
    _agreement()
    _run()
    for view in (_REPAID, _FREED, _ONCE):
        op.execute(view)
    op.execute(_GRANTS)


def _discharge() -> None:
    op.create_table(
        "mortgage_discharge",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("case_no", sa.String(length=15), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("receipt_no", sa.String(length=40), nullable=False),
        sa.Column("asked_times", sa.Integer(), nullable=False),
        sa.Column("ask_again_at", _INSTANT, nullable=True),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.CheckConstraint(
            "(ask_again_at IS NULL) = (state IN ('registered', 'refused'))",
            name=op.f("ck_mortgage_discharge_ended_is_not_asked"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "loan_id"],
            ["loan.account_id", "loan.loan_id"],
            name=op.f("fk_mortgage_discharge_account_id_loan_id"),
        ),
        sa.PrimaryKeyConstraint("account_id", "loan_id", name=op.f("pk_mortgage_discharge")),
    )
    op.create_index("ix_mortgage_discharge_application_id", "mortgage_discharge", ["application_id"])
    op.create_index("ix_mortgage_discharge_ask_again_at", "mortgage_discharge", ["ask_again_at"])


def _agreement() -> None:
    op.create_table(
        "loan_agreement",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("loan_ref", sa.String(length=40), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("card_id", sa.Uuid(), nullable=True),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("ended_why", sa.String(length=20), nullable=True),
        sa.Column("look_again_at", _INSTANT, nullable=True),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.CheckConstraint(
            "(state = 'ended') = (ended_on IS NOT NULL)", name=op.f("ck_loan_agreement_ended_has_a_day")
        ),
        sa.PrimaryKeyConstraint("account_id", "agreement_id", name=op.f("pk_loan_agreement")),
    )
    op.create_index(
        "uq_loan_agreement_active",
        "loan_agreement",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("state = 'active'"),
    )


def _run() -> None:
    op.create_table(
        "agreement_run",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("months", postgresql.JSONB(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=True),
        sa.Column("ran_at", _INSTANT, nullable=False),
        sa.CheckConstraint(
            "(outcome = 'case') = (application_id IS NOT NULL)",
            name=op.f("ck_agreement_run_case_has_an_application"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "agreement_id"],
            ["loan_agreement.account_id", "loan_agreement.agreement_id"],
            name=op.f("fk_agreement_run_account_id_agreement_id"),
        ),
        sa.PrimaryKeyConstraint("account_id", "agreement_id", "due_on", name=op.f("pk_agreement_run")),
    )


def downgrade() -> None:
    """Take back."""
    for view in _VIEWS:
        op.execute(f"DROP VIEW {view}")
    for table in ("agreement_run", "loan_agreement", "mortgage_discharge"):
        op.drop_table(table)

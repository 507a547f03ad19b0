"""Repayments from the fund: the discharge of a settled loan's mortgage, and cases that end in the loan's books."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_VIEWS = (
    "invariant_i30_a_repaid_case_is_in_the_loan_s_books",
    "invariant_i31_a_settled_case_frees_the_house",
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
_GRANTS = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_app') THEN
        GRANT SELECT, INSERT, UPDATE ON mortgage_discharge TO anju_app;
        GRANT SELECT ON invariant_i30_a_repaid_case_is_in_the_loan_s_books,
            invariant_i31_a_settled_case_frees_the_house TO anju_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_ro') THEN
        GRANT SELECT ON mortgage_discharge, invariant_i30_a_repaid_case_is_in_the_loan_s_books,
            invariant_i31_a_settled_case_frees_the_house TO anju_ro;
    END IF;
END $$
"""


def upgrade() -> None:
    """Apply."""
    _discharge()
    for view in (_REPAID, _FREED):
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


def downgrade() -> None:
    """Take back."""
    for view in _VIEWS:
        op.execute(f"DROP VIEW {view}")
    op.drop_table("mortgage_discharge")

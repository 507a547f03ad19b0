"""Loans: contracts, plans and repayments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_TABLES = (
    "loan",
    "loan_co_borrower",
    "loan_card",
    "loan_rate",
    "loan_plan",
    "loan_instalment",
    "loan_repayment",
)
_VIEWS = (
    "invariant_i27_loan_owes_what_the_books_say",
    "invariant_i28_plan_pays_the_loan",
    "invariant_i29_repayments_make_the_loan",
)


def upgrade() -> None:
    """Apply."""
    _loan()
    _co_borrower()
    _card()
    _rate()
    _plan()
    _instalment()
    _repayment()
    op.execute(
        "CREATE TRIGGER loan_repayment_append_only BEFORE UPDATE OR DELETE ON loan_repayment"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    for view in (_BOOKS, _PLAN, _REPAYMENTS):
        op.execute(view)
    op.execute(_GRANTS)


def _loan() -> None:
    op.create_table(
        "loan",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("contract_no", sa.String(length=30), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("home", sa.String(length=6), nullable=False),
        sa.Column("method", sa.String(length=2), nullable=False),
        sa.Column("guarantee", sa.String(length=2), nullable=False),
        sa.Column("principal_fen", sa.BigInteger(), nullable=False),
        sa.Column("months", sa.SmallInteger(), nullable=False),
        sa.Column("repayment_day", sa.SmallInteger(), nullable=False),
        sa.Column("penalty_percent", sa.SmallInteger(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("drawn_on", sa.Date(), nullable=False),
        sa.Column("bank_code", sa.String(length=6), nullable=False),
        sa.Column("bank_name", sa.String(length=60), nullable=False),
        sa.Column("house_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("house_city_code", sa.String(length=6), nullable=False),
        sa.Column("house_price_fen", sa.BigInteger(), nullable=False),
        sa.Column("down_payment_fen", sa.BigInteger(), nullable=False),
        sa.Column("balance_fen", sa.BigInteger(), nullable=False),
        sa.Column("repaid_principal_fen", sa.BigInteger(), nullable=False),
        sa.Column("repaid_interest_fen", sa.BigInteger(), nullable=False),
        sa.Column("repaid_penalty_fen", sa.BigInteger(), nullable=False),
        sa.Column("prepaid_fen", sa.BigInteger(), nullable=False),
        sa.Column("plan_version", sa.SmallInteger(), nullable=False),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.CheckConstraint(
            "(state = 'settled') = (settled_on IS NOT NULL)", name=op.f("ck_loan_settled_has_a_day")
        ),
        sa.CheckConstraint(
            "state <> 'settled' OR balance_fen = 0", name=op.f("ck_loan_settled_owes_nothing")
        ),
        sa.CheckConstraint(
            "balance_fen + repaid_principal_fen = principal_fen", name=op.f("ck_loan_principal_is_whole")
        ),
        sa.CheckConstraint("balance_fen >= 0", name=op.f("ck_loan_balance_not_negative")),
        sa.PrimaryKeyConstraint("account_id", "loan_id", name=op.f("pk_loan")),
        sa.UniqueConstraint("account_id", "contract_no", name=op.f("uq_loan_account_id_contract_no")),
    )


def _co_borrower() -> None:
    op.create_table(
        "loan_co_borrower",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("relation", sa.String(length=10), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("id_no_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("id_no_mac", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "loan_id"],
            ["loan.account_id", "loan.loan_id"],
            name=op.f("fk_loan_co_borrower_account_id_loan_id"),
        ),
        sa.PrimaryKeyConstraint("account_id", "loan_id", "number", name=op.f("pk_loan_co_borrower")),
    )
    op.create_index("ix_loan_co_borrower_id_no_mac", "loan_co_borrower", ["id_no_mac"], unique=False)


def _card() -> None:
    op.create_table(
        "loan_card",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("card_id", sa.Uuid(), nullable=False),
        sa.Column("bank_code", sa.String(length=6), nullable=False),
        sa.Column("bank_name", sa.String(length=60), nullable=False),
        sa.Column("card_no_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("card_no_mac", sa.LargeBinary(), nullable=False),
        sa.Column("tail4", sa.String(length=4), nullable=False),
        sa.Column("since_at", _INSTANT, nullable=False),
        sa.Column("ended_at", _INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id", "loan_id"],
            ["loan.account_id", "loan.loan_id"],
            name=op.f("fk_loan_card_account_id_loan_id"),
        ),
        sa.PrimaryKeyConstraint("account_id", "loan_id", "card_id", name=op.f("pk_loan_card")),
    )
    op.create_index(
        "uq_loan_card_active",
        "loan_card",
        ["account_id", "loan_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _rate() -> None:
    op.create_table(
        "loan_rate",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("ppm", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "loan_id"],
            ["loan.account_id", "loan.loan_id"],
            name=op.f("fk_loan_rate_account_id_loan_id"),
        ),
        sa.PrimaryKeyConstraint("account_id", "loan_id", "from_on", name=op.f("pk_loan_rate")),
    )


def _plan() -> None:
    op.create_table(
        "loan_plan",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("from_no", sa.SmallInteger(), nullable=False),
        sa.Column("made_at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "loan_id"],
            ["loan.account_id", "loan.loan_id"],
            name=op.f("fk_loan_plan_account_id_loan_id"),
        ),
        sa.PrimaryKeyConstraint("account_id", "loan_id", "version", name=op.f("pk_loan_plan")),
    )


def _instalment() -> None:
    op.create_table(
        "loan_instalment",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("no", sa.SmallInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("rate_ppm", sa.Integer(), nullable=False),
        sa.Column("level_fen", sa.BigInteger(), nullable=False),
        sa.Column("principal_fen", sa.BigInteger(), nullable=False),
        sa.Column("interest_fen", sa.BigInteger(), nullable=False),
        sa.Column("balance_after_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(state = 'paid') = (paid_on IS NOT NULL)", name=op.f("ck_loan_instalment_paid_has_a_day")
        ),
        sa.CheckConstraint(
            "principal_fen >= 0 AND interest_fen >= 0", name=op.f("ck_loan_instalment_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "loan_id"],
            ["loan.account_id", "loan.loan_id"],
            name=op.f("fk_loan_instalment_account_id_loan_id"),
        ),
        sa.PrimaryKeyConstraint("account_id", "loan_id", "version", "no", name=op.f("pk_loan_instalment")),
    )
    op.create_index(
        "uq_loan_instalment_due",
        "loan_instalment",
        ["account_id", "loan_id", "no"],
        unique=True,
        postgresql_where=sa.text("state <> 'planned'"),
    )


def _repayment() -> None:
    op.create_table(
        "loan_repayment",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("repayment_id", sa.Uuid(), nullable=False),
        sa.Column("business_ref", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=2), nullable=False),
        sa.Column("source", sa.String(length=6), nullable=False),
        sa.Column("payer_account_id", sa.Uuid(), nullable=False),
        sa.Column("journal_id", sa.Uuid(), nullable=False),
        sa.Column("instalment_no", sa.SmallInteger(), nullable=True),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("principal_fen", sa.BigInteger(), nullable=False),
        sa.Column("interest_fen", sa.BigInteger(), nullable=False),
        sa.Column("penalty_fen", sa.BigInteger(), nullable=False),
        sa.Column("balance_after_fen", sa.BigInteger(), nullable=False),
        sa.Column("booked_at", _INSTANT, nullable=False),
        sa.CheckConstraint("source IN ('card', 'fund', 'centre')", name=op.f("ck_loan_repayment_source")),
        sa.ForeignKeyConstraint(
            ["account_id", "loan_id"],
            ["loan.account_id", "loan.loan_id"],
            name=op.f("fk_loan_repayment_account_id_loan_id"),
        ),
        sa.PrimaryKeyConstraint("account_id", "loan_id", "repayment_id", name=op.f("pk_loan_repayment")),
        sa.UniqueConstraint(
            "account_id",
            "loan_id",
            "business_ref",
            name=op.f("uq_loan_repayment_account_id_loan_id_business_ref"),
        ),
    )


_BOOKS = """
CREATE VIEW invariant_i27_loan_owes_what_the_books_say AS
SELECT l.account_id, l.loan_id, l.balance_fen, coalesce(b.fen, 0) AS booked_fen
FROM loan l
LEFT JOIN (
    SELECT split_part(j.business_ref, ':', 2) AS loan_id, sum(p.fen) AS fen
    FROM journal j JOIN posting p USING (account_id, journal_id)
    WHERE j.business_ref LIKE 'loan:%' AND p.gl_code IN ('121', '122') GROUP BY 1
) b ON b.loan_id = l.loan_id::text
WHERE l.balance_fen <> coalesce(b.fen, 0)
"""
_PLAN = """
CREATE VIEW invariant_i28_plan_pays_the_loan AS
SELECT l.account_id, l.loan_id, l.balance_fen, coalesce(sum(i.principal_fen), 0) AS planned_fen
FROM loan l
LEFT JOIN loan_instalment i ON i.account_id = l.account_id AND i.loan_id = l.loan_id
    AND (i.state = 'overdue' OR i.state = 'planned' AND i.version = l.plan_version)
GROUP BY 1, 2, 3 HAVING l.balance_fen <> coalesce(sum(i.principal_fen), 0)
"""
_REPAYMENTS = """
CREATE VIEW invariant_i29_repayments_make_the_loan AS
SELECT l.account_id, l.loan_id
FROM loan l LEFT JOIN loan_repayment r ON r.account_id = l.account_id AND r.loan_id = l.loan_id AND r.kind <> '01'
GROUP BY 1, 2
HAVING l.repaid_principal_fen <> coalesce(sum(r.principal_fen), 0)
    OR l.repaid_interest_fen <> coalesce(sum(r.interest_fen), 0)
    OR l.repaid_penalty_fen <> coalesce(sum(r.penalty_fen), 0)
"""
_GRANTS = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_app') THEN
        GRANT SELECT, INSERT, UPDATE ON loan, loan_card, loan_instalment TO anju_app;
        GRANT SELECT, INSERT ON loan_co_borrower, loan_rate, loan_plan, loan_repayment TO anju_app;
        GRANT SELECT ON invariant_i27_loan_owes_what_the_books_say, invariant_i28_plan_pays_the_loan,
            invariant_i29_repayments_make_the_loan TO anju_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_ro') THEN
        GRANT SELECT ON loan, loan_card, loan_instalment, loan_co_borrower, loan_rate, loan_plan, loan_repayment,
            invariant_i27_loan_owes_what_the_books_say, invariant_i28_plan_pays_the_loan,
            invariant_i29_repayments_make_the_loan TO anju_ro;
    END IF;
END $$
"""


def downgrade() -> None:
    """Take back."""
    for view in _VIEWS:
        op.execute(f"DROP VIEW {view}")
    for table in reversed(_TABLES):
        op.drop_table(table)

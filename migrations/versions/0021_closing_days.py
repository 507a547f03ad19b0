"""Business days, the bank's statements, what does not agree with them, and what the books came to at each day's end.

The database itself keeps the order: a day closes after the one before it, over no open break and no unfinished step;
nothing is posted into a closed day; a break is closed only by the word of two people.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)
_SQL = Path(__file__).resolve().parent.parent / "sql" / "closing.sql"
_TABLES = (
    "break_event",
    "break_decision",
    "break_proposal",
    "bank_break",
    "bank_statement_line",
    "bank_statement",
    "ledger_day",
    "closing_step",
    "business_day",
)
_VIEWS = (
    "invariant_i80_one_day_is_open",
    "invariant_i81_a_closed_day_is_what_was_posted",
    "invariant_i82_no_day_closed_over_an_open_break",
    "invariant_i83_days_follow_each_other",
    "invariant_i84_a_break_is_closed_by_two",
    "invariant_i85_bank_and_books_agree",
    "invariant_i86_a_correction_is_in_the_books",
    "invariant_i87_a_movement_is_booked_once",
    "invariant_i88_every_line_is_known",
)
_APPEND_ONLY = ("break_event", "break_decision", "break_proposal")
_FUNCTIONS = (
    "refuse_closed_day",
    "refuse_day_out_of_order",
    "refuse_break_of_one",
    "refuse_foreign_proposal",
    "refuse_idle_decision",
)
_GRANTS = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_app') THEN
        GRANT SELECT, INSERT, UPDATE ON business_day, closing_step, ledger_day, bank_statement, bank_break TO anju_app;
        GRANT SELECT, INSERT, UPDATE, DELETE ON bank_statement_line TO anju_app;
        GRANT SELECT, INSERT ON break_event, break_proposal, break_decision TO anju_app;
        REVOKE DELETE, TRUNCATE ON business_day, bank_statement, bank_break FROM anju_app;
        REVOKE UPDATE, DELETE, TRUNCATE ON break_event, break_proposal, break_decision FROM anju_app;
        GRANT SELECT ON {views} TO anju_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_ro') THEN
        GRANT SELECT ON {tables}, {views} TO anju_ro;
    END IF;
END $$
"""


def upgrade() -> None:
    """Apply."""
    op.add_column("journal", sa.Column("proof", sa.LargeBinary(), nullable=True))
    op.create_index(
        "ix_journal_proof", "journal", ["proof"], postgresql_where=sa.text("proof IS NOT NULL")
    )
    op.create_index("ix_journal_accounting_on", "journal", ["accounting_on"], postgresql_using="brin")
    op.create_index("ix_bank_notice_day", "bank_notice", ["day"])
    op.add_column("interest_run", sa.Column("told_through", sa.Uuid(), nullable=True))
    op.add_column("interest_run", sa.Column("told_at", _AT, nullable=True))
    _days()
    _statements()
    _breaks()
    for table in _APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    _run(_SQL.read_text(encoding="utf-8"))
    op.execute(_GRANTS.format(tables=", ".join(_TABLES), views=", ".join(_VIEWS)))


def _run(script: str) -> None:
    cursor = op.get_bind().connection.cursor()
    cursor.execute(script)
    cursor.close()


def _days() -> None:
    op.create_table(
        "business_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("opened_at", _AT, nullable=False),
        sa.Column("closing_at", _AT, nullable=True),
        sa.Column("closed_at", _AT, nullable=True),
        sa.Column("look_again_at", _AT, nullable=True),
        sa.Column("bank_closing_fen", sa.BigInteger(), nullable=True),
        sa.Column("book_closing_fen", sa.BigInteger(), nullable=True),
        sa.Column("gap_fen", sa.BigInteger(), nullable=True),
        sa.Column("carried_fen", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_business_day")),
        sa.CheckConstraint("state IN ('open', 'closing', 'closed')", name=op.f("ck_business_day_state")),
        sa.CheckConstraint(
            "(closing_at IS NULL) = (state = 'open') AND (closed_at IS NULL) = (state <> 'closed')",
            name=op.f("ck_business_day_times"),
        ),
        # I19: what the bank has is what the books have, and every fen between them has a name.
        sa.CheckConstraint(
            "state <> 'closed' OR coalesce(bank_closing_fen = book_closing_fen + gap_fen + carried_fen, false)",
            name=op.f("ck_business_day_agrees"),
        ),
    )
    op.create_index("uq_business_day_open", "business_day", ["state"], unique=True, postgresql_where=sa.text("state = 'open'"))
    op.create_index("ix_business_day_closed", "business_day", ["day"], postgresql_where=sa.text("state = 'closed'"))
    op.create_table(
        "closing_step",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(16), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("began_at", _AT, nullable=False),
        sa.Column("ended_at", _AT, nullable=True),
        sa.Column("result", postgresql.JSONB(), nullable=False),
        sa.Column("fault", sa.String(80), nullable=True),
        sa.PrimaryKeyConstraint("day", "name", name=op.f("pk_closing_step")),
        sa.ForeignKeyConstraint(["day"], ["business_day.day"], name=op.f("fk_closing_step_day")),
        sa.CheckConstraint("state IN ('running', 'done', 'waits', 'failed')", name=op.f("ck_closing_step_state")),
        sa.CheckConstraint("(ended_at IS NULL) = (state = 'running')", name=op.f("ck_closing_step_ended")),
    )
    op.create_table(
        "ledger_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("gl_code", sa.String(8), nullable=False),
        sa.Column("opening_fen", sa.BigInteger(), nullable=False),
        sa.Column("taken_over_fen", sa.BigInteger(), nullable=False),
        sa.Column("movement_fen", sa.BigInteger(), nullable=False),
        sa.Column("closing_fen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "gl_code", name=op.f("pk_ledger_day")),
        sa.ForeignKeyConstraint(["day"], ["business_day.day"], name=op.f("fk_ledger_day_day")),
        sa.CheckConstraint("opening_fen + taken_over_fen + movement_fen = closing_fen", name=op.f("ck_ledger_day_adds_up")),
    )


def _statements() -> None:
    op.create_table(
        "bank_statement",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("debit_fen", sa.BigInteger(), nullable=False),
        sa.Column("credit_fen", sa.BigInteger(), nullable=False),
        sa.Column("opening_fen", sa.BigInteger(), nullable=False),
        sa.Column("closing_fen", sa.BigInteger(), nullable=False),
        sa.Column("missing_fen", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("fetched_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_bank_statement")),
        sa.ForeignKeyConstraint(["day"], ["business_day.day"], name=op.f("fk_bank_statement_day")),
        sa.CheckConstraint(
            "closing_fen = opening_fen + credit_fen - debit_fen + missing_fen",
            name=op.f("ck_bank_statement_adds_up"),
        ),
    )
    op.create_table(
        "bank_statement_line",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("notice_key", sa.LargeBinary(), nullable=False),
        sa.Column("host_seq_no", sa.String(40), nullable=False),
        sa.Column("instruction_no", sa.String(15), nullable=True),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("balance_fen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "line_no", name=op.f("pk_bank_statement_line")),
        sa.ForeignKeyConstraint(["day"], ["bank_statement.day"], name=op.f("fk_bank_statement_line_day")),
    )
    op.create_index("ix_bank_statement_line_notice_key", "bank_statement_line", ["notice_key"])
    op.create_index("ix_bank_statement_line_instruction_no", "bank_statement_line", ["instruction_no"])


def _breaks() -> None:
    op.create_table(
        "bank_break",
        sa.Column("break_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("ref", sa.String(80), nullable=False),
        sa.Column("bank_fen", sa.BigInteger(), nullable=False),
        sa.Column("book_fen", sa.BigInteger(), nullable=False),
        sa.Column("instruction_no", sa.String(15), nullable=True),
        sa.Column("member_account_id", sa.Uuid(), nullable=True),
        sa.Column("notice_key", sa.LargeBinary(), nullable=True),
        sa.Column("other_key", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("resolution", sa.String(10), nullable=True),
        sa.Column("found_at", _AT, nullable=False),
        sa.Column("updated_at", _AT, nullable=False),
        sa.Column("closed_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("break_id", name=op.f("pk_bank_break")),
        sa.ForeignKeyConstraint(["day"], ["business_day.day"], name=op.f("fk_bank_break_day")),
        sa.ForeignKeyConstraint(["owner_id"], ["staff.staff_id"], name=op.f("fk_bank_break_owner_id")),
        sa.CheckConstraint("state IN ('found', 'taken', 'proposed', 'closed')", name=op.f("ck_bank_break_state")),
        sa.CheckConstraint("(owner_id IS NULL) = (state = 'found')", name=op.f("ck_bank_break_owner")),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (state <> 'closed') AND (resolution IS NULL) = (state <> 'closed')",
            name=op.f("ck_bank_break_closed"),
        ),
    )
    op.create_index("uq_bank_break_ref", "bank_break", ["kind", "ref"], unique=True)
    op.create_index("ix_bank_break_open", "bank_break", ["day"], postgresql_where=sa.text("state <> 'closed'"))
    op.create_index("ix_bank_break_notice_key", "bank_break", ["notice_key"])
    op.create_table(
        "break_proposal",
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("break_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("resolution", sa.String(10), nullable=False),
        sa.Column("belongs_to", sa.String(15), nullable=True),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("proposed_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("proposal_id", name=op.f("pk_break_proposal")),
        sa.ForeignKeyConstraint(["break_id"], ["bank_break.break_id"], name=op.f("fk_break_proposal_break_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name=op.f("fk_break_proposal_staff_id")),
        sa.CheckConstraint("resolution IN ('explained', 'booked', 'belongs')", name=op.f("ck_break_proposal_resolution")),
        sa.CheckConstraint("(belongs_to IS NULL) = (resolution <> 'belongs')", name=op.f("ck_break_proposal_belongs")),
        sa.CheckConstraint("length(note) >= 4", name=op.f("ck_break_proposal_says_why")),
    )
    op.create_index("uq_break_proposal_author", "break_proposal", ["proposal_id", "break_id", "staff_id"], unique=True)
    op.create_index("ix_break_proposal_break_id", "break_proposal", ["break_id"])
    op.create_table(
        "break_decision",
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("break_id", sa.Uuid(), nullable=False),
        sa.Column("proposer_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("decided_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("proposal_id", name=op.f("pk_break_decision")),
        # The proposer named here is the proposal's author, so that the check below cannot be talked around.
        sa.ForeignKeyConstraint(
            ["proposal_id", "break_id", "proposer_id"],
            ["break_proposal.proposal_id", "break_proposal.break_id", "break_proposal.staff_id"],
            name=op.f("fk_break_decision_proposal"),
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name=op.f("fk_break_decision_staff_id")),
        sa.CheckConstraint("staff_id <> proposer_id", name=op.f("ck_break_decision_four_eyes")),
        sa.CheckConstraint("outcome IN ('confirmed', 'sent_back')", name=op.f("ck_break_decision_outcome")),
    )
    op.create_index("ix_break_decision_break_id", "break_decision", ["break_id"])
    op.create_table(
        "break_event",
        sa.Column("break_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.SmallInteger(), nullable=False),
        sa.Column("event", sa.String(12), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("note", sa.String(240), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("break_id", "seq", name=op.f("pk_break_event")),
        sa.ForeignKeyConstraint(["break_id"], ["bank_break.break_id"], name=op.f("fk_break_event_break_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name=op.f("fk_break_event_staff_id")),
    )


def downgrade() -> None:
    """Take back."""
    for view in _VIEWS:
        op.execute(f"DROP VIEW {view}")
    op.execute("DROP TRIGGER journal_not_into_a_closed_day ON journal")
    for table in _TABLES:
        op.drop_table(table)
    op.execute(f"DROP FUNCTION {', '.join(_FUNCTIONS)}")
    for column in ("told_at", "told_through"):
        op.drop_column("interest_run", column)
    op.drop_index("ix_bank_notice_day", "bank_notice")
    for index in ("ix_journal_accounting_on", "ix_journal_proof"):
        op.drop_index(index, "journal")
    op.drop_column("journal", "proof")

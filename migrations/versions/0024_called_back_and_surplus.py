"""Payments that a member's lock calls back; an employer's surplus, kept or given back by two; rows whose time is over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)
# A movement of the bank under the number of an order that was called back: the money went out all the same.
_CALLED_BACK = """
CREATE VIEW invariant_i91_what_was_called_back_never_left AS
SELECT i.account_id, i.instruction_id, n.notice_key, n.amount_fen
FROM payment_instruction i JOIN bank_notice n ON n.instruction_no = i.instruction_no AND n.direction = 'debit'
WHERE i.state = 'cancelled'
"""
_SURPLUS = """
CREATE VIEW invariant_i76_two_people_give_an_employer_s_money_back AS
SELECT r.employer_id, r.notice_key, r.state, r.amount_fen
FROM remittance_receipt r LEFT JOIN remittance_surplus s ON s.receipt_key = r.notice_key AND s.employer_id = r.employer_id
WHERE r.direction = 'credit' AND r.state IN ('to_return', 'returned')
    AND (s.approved IS NOT TRUE OR s.way <> 'return' OR s.amount_fen <> r.amount_fen)
"""
_TO_RETURN = """
CREATE VIEW invariant_i77_what_is_to_be_returned_is_in_the_books AS
SELECT * FROM (
    SELECT -(SELECT coalesce(sum(fen), 0) FROM posting WHERE gl_code = '21904') AS booked_fen,
           (SELECT coalesce(sum(amount_fen), 0) FROM remittance_receipt
            WHERE direction = 'credit' AND state = 'to_return') AS known_fen
) AS returns WHERE booked_fen <> known_fen
"""
_GUARDS = (
    """
CREATE FUNCTION refuse_surplus_of_one() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM remittance_surplus s WHERE s.employer_id = NEW.employer_id
                   AND s.receipt_key = NEW.notice_key AND s.way = 'return' AND s.approved) THEN
        RAISE EXCEPTION 'no second person approved giving money back' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$
""",
    """
CREATE TRIGGER remittance_receipt_returned_by_two BEFORE INSERT OR UPDATE OF state ON remittance_receipt
    FOR EACH ROW WHEN (NEW.direction = 'credit' AND NEW.state = 'to_return') EXECUTE FUNCTION refuse_surplus_of_one()
""",
    """
CREATE FUNCTION refuse_other_surplus() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a decided surplus stays as it was decided' USING ERRCODE = 'check_violation';
END $$
""",
    """
CREATE TRIGGER remittance_surplus_stays BEFORE UPDATE ON remittance_surplus
    FOR EACH ROW WHEN (OLD.approved IS NOT NULL) EXECUTE FUNCTION refuse_other_surplus()
""",
    """
CREATE FUNCTION refuse_live_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a row that still serves is not deleted from %', TG_TABLE_NAME USING ERRCODE = 'check_violation';
END $$
""",
    """
CREATE TRIGGER relative_link_ends BEFORE DELETE ON relative_link
    FOR EACH ROW WHEN (OLD.accepted_at IS NOT NULL AND OLD.ended_at IS NULL) EXECUTE FUNCTION refuse_live_row()
""",
    """
CREATE FUNCTION refuse_live_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM remittance_batch b WHERE b.batch_id = OLD.batch_id
               AND b.state NOT IN ('posted', 'refused', 'cancelled', 'reversed')) THEN
        RAISE EXCEPTION 'a line of an open batch is not deleted' USING ERRCODE = 'check_violation';
    END IF;
    RETURN OLD;
END $$
""",
    """
CREATE TRIGGER remittance_line_ends BEFORE DELETE ON remittance_line
    FOR EACH ROW EXECUTE FUNCTION refuse_live_line()
""",
)
# When words were added or answered stays known after the words themselves are gone.
_ENDED_WORDS = {
    "added": ("added_sealed IS NULL OR added_at IS NOT NULL", "(added_sealed IS NULL) = (added_at IS NULL)"),
    "answered": (
        "(answer_sealed IS NULL OR answered_at IS NOT NULL) AND (answered_at IS NULL OR owner_id IS NOT NULL)",
        "(answer_sealed IS NULL) = (answered_at IS NULL) AND (answered_at IS NULL OR owner_id IS NOT NULL)",
    ),
}
_GRANTS = """
DO $$ DECLARE r text; BEGIN
    FOR r IN SELECT rolname FROM pg_roles WHERE rolname IN ('anju_app', 'anju_ro') LOOP
        EXECUTE format('GRANT SELECT ON remittance_surplus, invariant_i91_what_was_called_back_never_left,'
            ' invariant_i76_two_people_give_an_employer_s_money_back,'
            ' invariant_i77_what_is_to_be_returned_is_in_the_books TO %I', r);
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_app') THEN
        GRANT INSERT, UPDATE ON remittance_surplus TO anju_app;
        REVOKE DELETE, TRUNCATE ON remittance_surplus FROM anju_app;
        GRANT DELETE ON remittance_line, relative_link TO anju_app;
    END IF;
END $$
"""
_VIEWS = (
    "invariant_i91_what_was_called_back_never_left",
    "invariant_i76_two_people_give_an_employer_s_money_back",
    "invariant_i77_what_is_to_be_returned_is_in_the_books",
)


def upgrade() -> None:
    """Apply. A version that does not count unwritten orders calls nothing back that has been tried: never too much."""
    op.add_column(
        "payment_instruction", sa.Column("unwritten", sa.Integer(), server_default="0", nullable=False)
    )
    _check("unwritten", "unwritten BETWEEN 0 AND attempts")
    _check("called_back", "state <> 'cancelled' OR unwritten = attempts")
    _words({name: words for name, (words, _) in _ENDED_WORDS.items()})
    _surplus()
    for statement in (_CALLED_BACK, _SURPLUS, _TO_RETURN, *_GUARDS, _GRANTS):
        op.execute(statement)


def _check(name: str, condition: str) -> None:
    op.create_check_constraint(op.f(f"ck_payment_instruction_{name}"), "payment_instruction", condition)


def _words(checks: dict[str, str]) -> None:
    for name, condition in checks.items():
        op.drop_constraint(op.f(f"ck_case_rating_{name}"), "case_rating")
        op.create_check_constraint(op.f(f"ck_case_rating_{name}"), "case_rating", condition)


def _surplus() -> None:
    op.create_table(
        "remittance_surplus",
        sa.Column("number", sa.String(15), nullable=False),
        sa.Column("employer_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("receipt_key", sa.LargeBinary(), nullable=False),
        sa.Column("way", sa.String(6), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", _AT, nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", _AT, nullable=True),
        sa.Column("approved", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_remittance_surplus")),
        sa.ForeignKeyConstraint(
            ["employer_id"], ["employer.employer_id"], name=op.f("fk_remittance_surplus_employer_id")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["staff.staff_id"], name=op.f("fk_remittance_surplus_asked_by")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["staff.staff_id"], name=op.f("fk_remittance_surplus_decided_by")
        ),
        sa.CheckConstraint("decided_by <> asked_by", name=op.f("ck_remittance_surplus_four_eyes")),
        sa.CheckConstraint(
            "amount_fen > 0 AND way IN ('keep', 'return')", name=op.f("ck_remittance_surplus_way")
        ),
        sa.CheckConstraint(
            "(decided_by IS NULL) = (approved IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)",
            name=op.f("ck_remittance_surplus_decided"),
        ),
    )
    op.create_index(
        "uq_remittance_surplus_open",
        "remittance_surplus",
        ["employer_id"],
        unique=True,
        postgresql_where=sa.text("approved IS NULL"),
    )


def downgrade() -> None:
    """Take back."""
    for view in _VIEWS:
        op.execute(f"DROP VIEW {view}")
    op.execute("DROP TRIGGER remittance_receipt_returned_by_two ON remittance_receipt")
    op.execute("DROP TRIGGER remittance_line_ends ON remittance_line")
    op.execute("DROP TRIGGER relative_link_ends ON relative_link")
    op.drop_table("remittance_surplus")
    op.execute("DROP FUNCTION refuse_surplus_of_one, refuse_other_surplus, refuse_live_row, refuse_live_line")
    _words({name: before for name, (_, before) in _ENDED_WORDS.items()})
    for name in ("called_back", "unwritten"):
        op.drop_constraint(op.f(f"ck_payment_instruction_{name}"), "payment_instruction")
    op.drop_column("payment_instruction", "unwritten")

"""Taking a posted batch back 错缴更正: asked for by one person, approved by another, then in sets like the posting.

Each line becomes a journal the other way round, and the month of the account is free again. Where the money is not in
the fund any more the line stays as it is, and is said.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.audit.service import record
from services.contributions.rules import previous_month
from services.core.db import transaction
from services.core.errors import Invalid
from services.core.states import IllegalTransition
from services.ledger.batch import Posted
from services.ledger.chart import EMPLOYER_RECEIPT, MEMBER_FUND
from services.remittances.faults import NotNow, SamePerson
from services.remittances.models import (
    REGULAR,
    Employer,
    RemittanceBatch,
    RemittanceLine,
    RemittanceReversal,
)
from services.remittances.service import Filed, batch_of, defer_posting, filed, move, set_money_free
from services.remittances.stepping import ACCOUNTS, Lines, Sets, entry_texts, locked, post_lines
from services.staff.four_eyes import is_same_person
from services.staff.models import APPROVER, REVIEWER, Staff
from services.staff.service import require_role

REVERSAL = "contribution_reversal"
_JOURNALS = f"""
SELECT c.account_id, :reference AS business_ref, :kind AS kind, :summary AS summary, :debit_code AS debit_code,
       :credit_code AS credit_code, c.amount_fen AS fen
FROM contribution c
WHERE c.account_id IN ({ACCOUNTS}) AND c.month = :month AND c.batch_id = :batch_id
  AND EXISTS (SELECT 1 FROM member_balance b JOIN provident_fund_account a USING (account_id)
              WHERE b.account_id = c.account_id AND b.balance_fen - b.frozen_fen >= c.amount_fen
              AND a.state NOT IN ('03', '04', '05'))
"""  # noqa: S608
_FREE = text(
    f"DELETE FROM contribution c USING journal j WHERE c.account_id IN ({ACCOUNTS}) AND c.month = :month"  # noqa: S608
    " AND c.batch_id = :batch_id AND j.account_id = c.account_id AND j.business_ref = :reference"
)
_STAYED = text("""
INSERT INTO remittance_fault (batch_id, line_no, code)
SELECT l.batch_id, l.line_no, 'not_taken_back'
FROM remittance_line l JOIN provident_fund_account a ON a.account_no = l.account_no
JOIN contribution c ON c.account_id = a.account_id AND c.month = :month AND c.batch_id = l.batch_id
WHERE l.batch_id = :batch_id AND l.line_no BETWEEN :first AND :last
ON CONFLICT DO NOTHING
""")


class Reversals(Sets):
    """Use cases of taking back."""

    working: ClassVar[str] = "reversing"
    action: ClassVar[str] = "remittance.taken_back"

    def ask(self, batch_no: str, staff: Staff, reason: str) -> Filed:
        """One person says that a posted batch is wrong, and why."""
        require_role(staff, REVIEWER)
        if not 4 <= len(reason.strip()) <= 200:
            raise Invalid("请写明更正的原因，4 到 200 个字。", code="remittance.reason", field="reason")
        now = self._clock.now()
        with transaction(self._sessions) as session:
            _, batch = locked(session, batch_of(session, batch_no).batch_id)
            if batch.state != "posted":
                raise NotNow
            if not _has_lines(session, batch):
                raise NotNow("这个批次的清册已过保存期限，不能整批更正，请逐人办理。")
            row = session.get(RemittanceReversal, batch.batch_id)
            if row is None:
                row = RemittanceReversal(batch_id=batch.batch_id)
                session.add(row)
            elif row.approved is not False:
                raise NotNow("这个批次已经有人提出更正，等另一位同事复核。")
            row.reason, row.asked_by, row.asked_at = reason.strip(), staff.staff_id, now
            row.decided_by = row.decided_at = row.approved = None
            self._note(session, batch, "remittance.reversal_asked", staff, now)
            return filed(session, batch)

    def decide(
        self, batch_no: str, staff: Staff, *, approve: bool, asked_at: datetime | None = None
    ) -> Filed:
        """Another person says yes or no, where `asked_at` is given to just what was asked then.

        After a yes the batch is taken back by the job.
        """
        require_role(staff, APPROVER)
        now = self._clock.now()
        with transaction(self._sessions) as session:
            _, batch = locked(session, batch_of(session, batch_no).batch_id)
            row = session.get(RemittanceReversal, batch.batch_id)
            if row is None or row.approved is not None:
                raise NotNow("这个批次没有等待复核的更正。")
            if is_same_person(session, row.asked_by, staff):
                raise SamePerson
            if asked_at not in (None, row.asked_at):
                raise NotNow("更正申请在您看的时候换了新的，请看过再定。")
            row.decided_by, row.decided_at, row.approved = staff.staff_id, now, approve
            session.flush()  # the database lets the batch go back only after the second person's word
            if approve:
                self._start(session, batch, now)
            self._note(session, batch, "remittance.reversal_decided", staff, now, approved=approve)
            return filed(session, batch)

    @staticmethod
    def _start(session: Session, batch: RemittanceBatch, now: datetime) -> None:
        try:
            move(batch, "reverse", now)
        except IllegalTransition as refused:
            raise NotNow from refused
        batch.reached = 0
        defer_posting(session, batch.batch_id)

    @staticmethod
    def _note(
        session: Session, batch: RemittanceBatch, action: str, staff: Staff, now: datetime, **detail: bool
    ) -> None:
        actor = f"staff:{staff.login}"
        record(session, batch.employer_id, action, actor=actor, subject=batch.batch_no, at=now, detail=detail)

    def _begin(self, session: Session, employer: Employer, batch: RemittanceBatch) -> None:
        """The second person's word has begun it."""

    def _do(self, session: Session, batch: RemittanceBatch, lines: Lines) -> Posted:
        texts = _texts(batch)
        back = post_lines(session, _JOURNALS, {**lines.values, **texts}, lines.at)
        session.execute(_FREE, {**lines.values, "reference": texts["reference"]})
        if back.journals < lines.count:
            session.execute(_STAYED, lines.values)
        return back

    def _finish(self, session: Session, employer: Employer, batch: RemittanceBatch) -> None:
        """The month is open again for the employer; its money waits for the right file, if all of it came back."""
        if batch.kind == REGULAR and employer.paid_through == batch.month:
            employer.paid_through = previous_month(batch.month)
        if batch.posted_fen == 0:
            set_money_free(session, batch)


def _has_lines(session: Session, batch: RemittanceBatch) -> bool:
    key = (batch.batch_id, batch.people)
    return (
        session.get(RemittanceLine, key) is not None and session.get(RemittanceLine, (key[0], 1)) is not None
    )


def _texts(batch: RemittanceBatch) -> dict[str, str]:
    texts = entry_texts(batch)
    return {
        **texts,
        "reference": f"{texts['reference']}:back",
        "kind": REVERSAL,
        "summary": f"{texts['summary']}更正",
        "debit_code": MEMBER_FUND,
        "credit_code": EMPLOYER_RECEIPT,
    }

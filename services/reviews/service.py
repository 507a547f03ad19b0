"""Use cases of reviews 审核: claim, first opinion, second decision; each in one transaction, each in the audit trail."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.applications.models import MONEY, Application
from services.applications.service import move
from services.audit.models import AuditEntry
from services.audit.service import record
from services.core.clock import Clock
from services.core.crypto import FieldCipher
from services.core.errors import Conflict, Invalid
from services.core.ids import new_id
from services.core.money import yuan_text
from services.core.outbox import emit
from services.documents.service import Documents, mark_seen
from services.items.declaration import Refusal
from services.items.engine import Engine, state_table
from services.ledger.service import lock_balance
from services.members.identity import Person, person_of
from services.members.models import Member
from services.reviews.as_things_stand import refuse_if_refused_now
from services.reviews.errors import (
    AmountMoved,
    AskedEnough,
    ClaimedAlready,
    NothingPending,
    NotUnderReview,
    NotYours,
    OpinionMoved,
    OpinionPending,
    OwnCase,
    OwnProposal,
)
from services.reviews.models import ReviewClaim, ReviewDecision, ReviewOpinion, ReviewRequest
from services.reviews.queries import case_of, live_claim, pending_opinion
from services.reviews.reasons import member_text, note, refusal_reason, reveal_reason
from services.reviews.requests import MOST as MOST_REQUESTS
from services.reviews.requests import requests_of
from services.staff.four_eyes import is_own, is_same_person
from services.staff.models import APPROVER, REVIEWER, Staff
from services.staff.service import require_role


class Reviews:
    """What people do with the cases that rules leave to them."""

    def __init__(self, engine: Engine, documents: Documents, cipher: FieldCipher, clock: Clock) -> None:
        self._engine = engine
        self._documents = documents
        self._cipher = cipher
        self._clock = clock

    def look(self, session: Session, staff: Staff, case_no: str) -> Application:
        """Open a case to read it; the look is in the member's log, once an hour. Raises OwnCase."""
        case = case_of(session, case_no)
        self._refuse_own(session, staff, case)
        self._note_once(session, staff, case, "review.viewed")
        return case

    def claim(self, session: Session, staff: Staff, case_no: str) -> None:
        """Take a case that nobody has; of two at once one gets ClaimedAlready."""
        require_role(staff, REVIEWER)
        case = self._under_review(session, staff, case_no)
        holder = live_claim(session, case)
        if holder is not None:
            raise ClaimedAlready
        claim = ReviewClaim(
            account_id=case.account_id,
            claim_id=new_id(),
            application_id=case.application_id,
            staff_id=staff.staff_id,
            claimed_at=self._clock.now(),
            released_at=None,
        )
        try:
            with session.begin_nested():
                session.add(claim)
        except IntegrityError as error:
            if "uq_review_claim_live" in str(error.orig):
                raise ClaimedAlready from None
            raise
        self._record(session, staff, case, "review.claimed")

    def release(self, session: Session, staff: Staff, case_no: str) -> None:
        """Give a case back; an approver may free a colleague's. Not while an opinion waits."""
        case = self._under_review(session, staff, case_no)
        claim = live_claim(session, case)
        if claim is None:
            raise NotYours
        if claim.staff_id != staff.staff_id and APPROVER not in staff.roles:
            raise NotYours
        if pending_opinion(session, case) is not None:
            raise OpinionPending
        claim.released_at = self._clock.now()
        self._record(session, staff, case, "review.released")

    def ask(self, session: Session, staff: Staff, case_no: str, text: str) -> None:
        """Ask the member for another picture, in words they will read; the case stays with who asks."""
        case, claim = self._mine(session, staff, case_no)
        if len(requests_of(session, case)) >= MOST_REQUESTS:
            raise AskedEnough
        now = self._clock.now()
        session.add(
            ReviewRequest(
                account_id=case.account_id,
                request_id=new_id(),
                application_id=case.application_id,
                claim_id=claim.claim_id,
                staff_id=staff.staff_id,
                text=member_text(text),
                asked_at=now,
            )
        )
        self._record(session, staff, case, "review.asked")
        payload = {"application_id": str(case.application_id), "item_name": case.quote["item_name"]}
        emit(session, case.account_id, "review.asked", payload, now)

    def propose_approval(
        self, session: Session, staff: Staff, case_no: str, amount_fen: int | None, remark: str
    ) -> UUID:
        """First opinion: yes. For money, with an amount of at most what the member asked for, or all of it today.

        Returns the opinion's id, which the second person names.
        """
        case, claim = self._mine(session, staff, case_no)
        if case.kind == MONEY:
            amount_fen = self._amount(session, case, amount_fen)
        elif amount_fen is not None:
            raise Invalid("这项业务没有金额。", code="review.amount", field="amount")
        opinion_id = self._propose(
            session, staff, claim, verdict="approve", amount_fen=amount_fen, note=note(remark, needed=False)
        )
        self._record(
            session, staff, case, "review.proposed", {"verdict": "approve", "amount_fen": amount_fen}
        )
        return opinion_id

    def propose_refusal(
        self, session: Session, staff: Staff, case_no: str, reason: str, text: str, remark: str
    ) -> None:
        """First opinion: no, for a reason of the list, in words the member will read."""
        case, claim = self._mine(session, staff, case_no)
        self._propose(
            session,
            staff,
            claim,
            verdict="refuse",
            reason=refusal_reason(reason).code,
            member_text=member_text(text),
            note=note(remark, needed=False),
        )
        self._record(session, staff, case, "review.proposed", {"verdict": "refuse", "reason": reason})

    def send_back(
        self, session: Session, staff: Staff, case_no: str, seen_id: UUID | None, remark: str
    ) -> None:
        """Second person: look again. The case stays with the first."""
        case, opinion = self._for_second(session, staff, case_no, seen_id)
        self._decide(session, staff, opinion, "sent_back", note(remark, needed=True))
        self._record(session, staff, case, "review.sent_back")

    def confirm(self, session: Session, staff: Staff, case_no: str, seen_id: UUID | None) -> None:
        """Second person: as proposed in the opinion they saw. The outcome happens in this transaction.

        Raises OwnProposal, OpinionMoved, RefusedNow, BalanceInsufficient or AccountNotUsable; nothing is changed then.
        """
        case, opinion = self._for_second(session, staff, case_no, seen_id)
        self._decide(session, staff, opinion, "confirmed", "")
        self._record(session, staff, case, "review.confirmed", {"verdict": opinion.verdict})
        session.flush()
        if opinion.verdict == "refuse":
            self._refuse(session, staff, case, opinion)
        else:
            self._approve(session, staff, case, opinion)

    def reveal(self, session: Session, staff: Staff, case_no: str, reason: str) -> Person:
        """The member's name and numbers in full, for a reason, told to the member; only while the case is open."""
        case = case_of(session, case_no)
        self._refuse_own(session, staff, case)
        if case.state != "in_review":
            raise NotUnderReview
        self._record(session, staff, case, "review.revealed", {"reason": reveal_reason(reason)})
        return person_of(session, self._cipher, case.account_id)

    def picture(self, session: Session, staff: Staff, case_no: str, document_id: UUID) -> bytes:
        """One of the case's pictures; from now on the member cannot take it away."""
        case = case_of(session, case_no)
        self._refuse_own(session, staff, case)
        self._note_once(session, staff, case, "review.pictures_viewed")
        jpeg = self._documents.picture(session, case.account_id, case.application_id, document_id)
        mark_seen(session, case.account_id, case.application_id, self._clock.now())
        return jpeg

    # inside

    def _under_review(self, session: Session, staff: Staff, case_no: str) -> Application:
        """The case, with its account's lock first: the order everybody takes locks in."""
        found = case_of(session, case_no)
        lock_balance(session, found.account_id)
        case = case_of(session, case_no, lock=True)
        self._refuse_own(session, staff, case)
        if case.state != "in_review":
            raise NotUnderReview
        return case

    def _mine(self, session: Session, staff: Staff, case_no: str) -> tuple[Application, ReviewClaim]:
        require_role(staff, REVIEWER)
        case = self._under_review(session, staff, case_no)
        claim = live_claim(session, case)
        if claim is None or claim.staff_id != staff.staff_id:
            raise NotYours
        if pending_opinion(session, case) is not None:
            raise OpinionPending
        return case, claim

    def _propose(self, session: Session, staff: Staff, claim: ReviewClaim, **opinion: Any) -> UUID:
        opinion_id = new_id()
        session.add(
            ReviewOpinion(
                account_id=claim.account_id,
                opinion_id=opinion_id,
                application_id=claim.application_id,
                claim_id=claim.claim_id,
                staff_id=staff.staff_id,
                proposed_at=self._clock.now(),
                **opinion,
            )
        )
        session.flush()
        return opinion_id

    def _for_second(
        self, session: Session, staff: Staff, case_no: str, seen_id: UUID | None
    ) -> tuple[Application, ReviewOpinion]:
        require_role(staff, APPROVER)
        case = self._under_review(session, staff, case_no)
        opinion = pending_opinion(session, case)
        if opinion is None:
            raise NothingPending
        if is_same_person(session, opinion.staff_id, staff):
            raise OwnProposal
        if opinion.opinion_id != seen_id:
            raise OpinionMoved
        return case, opinion

    def _decide(
        self, session: Session, staff: Staff, opinion: ReviewOpinion, outcome: str, remark: str
    ) -> None:
        session.add(
            ReviewDecision(
                account_id=opinion.account_id,
                opinion_id=opinion.opinion_id,
                application_id=opinion.application_id,
                proposer_id=opinion.staff_id,
                staff_id=staff.staff_id,
                outcome=outcome,
                note=remark,
                decided_at=self._clock.now(),
            )
        )

    def _amount(self, session: Session, case: Application, amount_fen: int | None) -> int:
        """The amount of an opinion; what closes an account or settles a loan is all of it, with interest to the day."""
        due_fen = self._engine.due_fen(session, case)
        if due_fen is None:
            return _checked_amount(case, amount_fen)
        if amount_fen not in (case.amount_fen, due_fen):
            raise Invalid(
                f"这项业务一次办完，今天连本带利是 {yuan_text(due_fen)} 元。",
                code="review.amount",
                field="amount",
            )
        return due_fen

    def _refuse_moved(self, session: Session, case: Application, opinion: ReviewOpinion) -> None:
        """Both people stand for one and the same amount: interest of another day is another amount."""
        due_fen = self._engine.due_fen(session, case)
        if due_fen is not None and due_fen != opinion.amount_fen:
            raise AmountMoved(
                f"今天连本带利是 {yuan_text(due_fen)} 元，和初审那天的 {yuan_text(opinion.amount_fen or 0)} 元不同。"
                "请退回初审，按今天的金额再提一次。"
            )

    def _approve(self, session: Session, staff: Staff, case: Application, opinion: ReviewOpinion) -> None:
        self._refuse_moved(session, case, opinion)
        refuse_if_refused_now(self._engine, session, case, opinion)
        if opinion.amount_fen is not None and opinion.amount_fen != case.amount_fen:
            case.result = case.result | {"asked_fen": case.amount_fen}
            case.amount_fen = opinion.amount_fen
            session.flush()
        self._engine.carry_out(session, case, event="approve", actor=_actor(staff))

    def _refuse(self, session: Session, staff: Staff, case: Application, opinion: ReviewOpinion) -> None:
        now = self._clock.now()
        refusal = self._refusal(case, opinion)
        case.result = case.result | {"refusals": [refusal.to_json()]}
        session.flush()  # the state is moved by a statement of its own
        move(session, case, state_table(case), "refuse", actor=_actor(staff), at=now)
        payload = {
            "application_id": str(case.application_id),
            "item_name": case.quote["item_name"],
            "reason": refusal.rule,
        }
        emit(session, case.account_id, "review.refused", payload, now)

    def _refusal(self, case: Application, opinion: ReviewOpinion) -> Refusal:
        assert opinion.reason is not None
        assert opinion.member_text is not None
        reason = refusal_reason(opinion.reason)
        basis = self._engine.registry.get(case.item_code).legal_basis[0]
        return Refusal(
            code=f"review.{reason.code}",
            rule=reason.label,
            article=f"{basis.title} {basis.article}",
            fact=opinion.member_text,
            source="工作人员审核（两人复核）",
            change=reason.change,
            text=opinion.member_text,
        )

    def _refuse_own(self, session: Session, staff: Staff, case: Application) -> None:
        if is_own(staff, session.get_one(Member, case.account_id).id_no_mac):
            raise OwnCase

    def _record(
        self,
        session: Session,
        staff: Staff,
        case: Application,
        action: str,
        detail: dict[str, Any] | None = None,
    ) -> None:
        record(
            session,
            case.account_id,
            action,
            actor=_actor(staff),
            subject=str(case.application_id),
            at=self._clock.now(),
            detail={"case_no": case.case_no, **(detail or {})},
        )

    def _note_once(self, session: Session, staff: Staff, case: Application, action: str) -> None:
        """Note a look, unless the same person's last look at the case is less than an hour old."""
        last = session.scalar(
            select(AuditEntry.at)
            .where(
                AuditEntry.account_id == case.account_id,
                AuditEntry.actor == _actor(staff),
                AuditEntry.action == action,
                AuditEntry.subject == str(case.application_id),
            )
            .order_by(AuditEntry.seq.desc())
            .limit(1)
        )
        if last is None or (self._clock.now() - last).total_seconds() >= 3600:
            self._record(session, staff, case, action)


def _actor(staff: Staff) -> str:
    return f"staff:{staff.login}"


def _checked_amount(case: Application, amount_fen: int | None) -> int:
    if case.amount_fen is None:
        raise Conflict(code="withdrawal.no_amount")
    if amount_fen is None or not 0 < amount_fen <= case.amount_fen:
        raise Invalid(
            f"金额要大于零，不超过申请的 {yuan_text(case.amount_fen)} 元。",
            code="review.amount",
            field="amount",
        )
    return amount_fen

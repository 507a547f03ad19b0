"""Random lives 随机经历: members, keys, crashes, a bank of any mood, against the reference; on a real database."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar
from uuid import UUID

from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import text

from runtime.cli.invariants import count_violations
from services.core.db import transaction
from tests.properties.bank import Killed, SmallBank
from tests.properties.reference import UNDER_WAY, WAITS_FOR_FACE, Account, end_of, justified, kind_of
from tests.support.domain.cases import post
from tests.support.domain.world import Member, World, idempotency

OPENING_FEN = 5_600_000
ITEM = "rent-withdrawal"
MEMBERS = st.integers(0, 1)
KEYS = st.sampled_from(["the-first-key-0001", "the-second-key-002"])
FATES = st.sampled_from(
    ["accepted", "rejected", "not_sent", "order lost", "answer lost", "killed before", "killed after"]
)
_STATES = text("SELECT case_no, state FROM application WHERE account_id = :a")
_TOLD = text("SELECT topic, count(*) FROM outbox_event WHERE account_id = :a GROUP BY topic")
_SENDABLE = text("SELECT instruction_no, state FROM payment_instruction WHERE account_id = :a")
_OPEN_AGAIN = text(
    "UPDATE withdrawal_lock SET unlock_asked_at = locked_at, unlock_from = locked_at, opened_at = locked_at"
    " WHERE account_id = :a AND opened_at IS NULL"
)
_FREEZE = text("UPDATE member_balance SET frozen_fen = :fen WHERE account_id = :a")


class Payments(RuleBasedStateMachine):
    """Two members and a bank."""

    world: ClassVar[World]
    views_each_step: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__()
        self.world.reset()
        self.bank = SmallBank()
        self.world.product.settlement_jobs._node = self.bank
        self.members: list[Member] = []
        self.pages: list[Account] = []
        self.ids: dict[str, UUID] = {}
        self.faces: dict[tuple[str, str], str] = {}
        self.first_day = self.bank.day

    @initialize()
    def _people(self) -> None:
        self.members = [self.world.member() for _ in range(2)]
        for member in self.members:
            self.world.consent(member)
        self.pages = [Account(OPENING_FEN) for _ in self.members]

    # -- what members do -----------------------------------------------------------------------------------

    @rule(who=MEMBERS)
    def quote(self, who: int) -> None:
        """A look at what may be drawn changes nothing."""
        answer = post(self.world, self.members[who], f"/items/{ITEM}/quote", {})
        assert answer.status_code in (200, 429)

    @rule(who=MEMBERS, amount_fen=st.sampled_from([100_000, 300_000]))
    def submit(self, who: int, amount_fen: int) -> None:
        """A new application, unless one is under way; the rules may have their own reasons after one was paid."""
        member, page = self.members[who], self.pages[who]
        form = {"amount_fen": amount_fen, "card_id": str(member.card_id)}
        answer = post(self.world, member, f"/items/{ITEM}/applications", form)
        if answer.status_code == 201:
            assert not page.busy, "two cases at once"
            made = answer.get_json()
            page.submit(made["case_no"], amount_fen)
            self.ids[made["case_no"]] = UUID(made["application_id"])
        else:
            assert answer.status_code in (409, 429)
            assert page.cases or page.frozen_fen, answer.get_json()

    @precondition(lambda self: any(page.cases for page in self.pages))
    @rule(who=MEMBERS, key=KEYS, old=st.booleans())
    def confirm(self, who: int, key: str, old: bool) -> None:
        """With a fresh key or one that was used before, for this case or an earlier one; answers may get lost."""
        number = self._case(who, old=old)
        member, page = self.members[who], self.pages[who]
        face = self._face(who, number, key)
        expected = page.confirm(number, key)
        path = f"/applications/{self.ids[number]}/confirm"
        answer = post(self.world, member, path, {"face_session_id": face}, **{"Idempotency-Key": key})
        body = answer.get_json()
        assert answer.status_code == expected, body
        if expected == 201:
            assert body["case_no"] == number, "somebody else's answer"

    def _face(self, who: int, number: str, key: str) -> str:
        if (number, key) not in self.faces:
            self.faces[number, key] = str(UUID(int=0))
            if self.pages[who].cases[number] == WAITS_FOR_FACE:
                self.faces[number, key] = str(self._passed(who, number))
        return self.faces[number, key]

    def _passed(self, who: int, number: str) -> UUID:
        member = self.members[who]
        consent_id = self.world.consent(member, "face")
        with transaction(self.world.sessions) as session:
            operation = self.world.product.engine.operation(session, member.account_id, self.ids[number])
            return self.world._passed(session, operation, consent_id)

    @precondition(lambda self: any(page.cases for page in self.pages))
    @rule(who=MEMBERS)
    def cancel(self, who: int) -> None:
        """Before the confirmation, never after it."""
        number = self._case(who)
        expected = self.pages[who].cancel(number)
        path = f"/applications/{self.ids[number]}/cancel"
        answer = self.world.client().post(
            f"/api/v1{path}", headers={**self.members[who].bearer, **idempotency()}
        )
        assert answer.status_code == expected, answer.get_json()

    @rule(who=MEMBERS, fen=st.sampled_from([0, OPENING_FEN]))
    def freeze(self, who: int, fen: int) -> None:
        """A court freezes what there is, or lets go of it."""
        page = self.pages[who]
        page.frozen_fen = min(fen, page.balance_fen)
        with transaction(self.world.sessions) as session:
            session.execute(_FREEZE, {"fen": page.frozen_fen, "a": self.members[who].account_id})

    @rule(who=MEMBERS)
    def lock(self, who: int) -> None:
        """The member's lock, opened again at once: what the bank has had nothing of is called back."""
        for number in self._unsent(who):
            self.pages[who].call_back(number)
        self._lock(who)
        self._open_again(who)

    def _unsent(self, who: int) -> list[str]:
        """Numbers that wait to be sent, and that the bank never heard of."""
        with transaction(self.world.sessions) as session:
            rows = session.execute(_SENDABLE, {"a": self.members[who].account_id}).all()
        return [n for n, state in rows if state == "ready" and n not in self.bank.heard]

    def _lock(self, who: int) -> None:
        with transaction(self.world.sessions) as session:
            self.world.product.locking.lock(session, self.members[who].account_id)

    def _open_again(self, who: int) -> None:
        with transaction(self.world.sessions) as session:
            session.execute(_OPEN_AGAIN, {"a": self.members[who].account_id})

    # -- what the workers and the bank do ------------------------------------------------------------------

    @precondition(lambda self: self._any(UNDER_WAY))
    @rule(who=MEMBERS, fate=FATES)
    def dispatch(self, who: int, fate: str) -> None:
        """A worker sends what waits; it may die in the call."""
        self.bank.fate = fate
        try:
            self._run(who, "settlement.dispatch")
        except Killed:
            return

    @precondition(lambda self: self._any(UNDER_WAY))
    @rule(who=MEMBERS)
    def locked_on_the_way(self, who: int) -> None:
        """The member locks while a worker tries in vain: it is called back as soon as it is known not to have left."""
        unsent = self._unsent(who)
        self.bank.fate, self.bank.meanwhile = "not_sent", lambda: self._lock(who)
        sent = self._run(who, "settlement.dispatch")
        self.bank.meanwhile = None
        self._open_again(who)
        for number in unsent if sent else ():
            self.pages[who].call_back(number)

    @precondition(lambda self: self._any(UNDER_WAY))
    @rule(who=MEMBERS)
    def follow_up(self, who: int) -> None:
        """A worker asks."""
        self._run(who, "settlement.follow_up")

    @precondition(lambda self: bool(self.bank.taken))
    @rule()
    def book(self) -> None:
        """The bank carries out what it has taken."""
        self.bank.book()

    @precondition(lambda self: bool(self.bank.lines))
    @rule()
    def give_back(self) -> None:
        """The receiving bank returns a payment."""
        self.bank.give_back()

    @precondition(lambda self: bool(self.bank.lines))
    @rule(number=st.integers(0, 7), times=st.integers(1, 2))
    def notice(self, number: int, times: int) -> None:
        """A notice comes, early, late, twice, out of order."""
        line = self.bank.lines[number % len(self.bank.lines)]
        self.world.product.settlement_jobs.take_changes([line] * times)

    @rule()
    def statement(self) -> None:
        """Somebody reads today's statement."""
        self.world.product.settlement_jobs.read_since(self.bank.day)

    @precondition(lambda self: self.bank.day < self.first_day + timedelta(days=2))
    @rule()
    def close_day(self) -> None:
        """The bank's cut-off."""
        self.bank.close()

    @precondition(lambda self: self._any(UNDER_WAY))
    @rule()
    def sweep(self) -> None:
        """Time passes, and what was left lying is taken up."""
        self.world.later(seconds=60)
        self.world.product.settlement_jobs.take_up()

    # -- what must hold ------------------------------------------------------------------------------------

    @invariant()
    def agrees(self) -> None:
        """Service, reference and bank."""
        for member, page in zip(self.members, self.pages, strict=True):
            for number, state in self._states(member).items():
                self._compare(page, number, kind_of(state))
            held_fen = page.of(UNDER_WAY)
            assert self.world.balance(member) == (page.balance_fen, held_fen)
            self._told_once(member, page)

    def _compare(self, page: Account, number: str, kind: str) -> None:
        debits, returns = self.bank.booked(number)
        taken = any(one.order.instruction_no == number for one in self.bank.taken)
        may_come = taken or (number not in self.bank.refused and self.bank.day == self.first_day)
        assert justified(kind, debits, returns, may_come=may_come), (number, kind, debits, returns)
        if page.cases[number] in (UNDER_WAY, "paid") and kind in ("paid", "returned"):
            page.cases[number] = kind  # the bank's doing, found to be true
        assert page.cases[number] == kind, (number, kind, page.cases[number])

    def _told_once(self, member: Member, page: Account) -> None:
        with transaction(self.world.sessions) as session:
            told = {row[0]: row[1] for row in session.execute(_TOLD, {"a": member.account_id})}
        ended = [number for number, kind in page.cases.items() if kind in ("paid", "returned")]
        assert told.get("withdrawal.returned", 0) == sum(page.cases[n] == "returned" for n in ended)
        assert told.get("withdrawal.paid", 0) <= len(ended)

    @invariant()
    def views(self) -> None:
        """The product's own invariants."""
        if self.views_each_step:
            self._views()

    def _views(self) -> None:
        broken = {name: count for name, count in count_violations(self.world.sessions).items() if count}
        assert broken == {}

    def teardown(self) -> None:
        """Whatever happened: once everything is known, every case stands where the bank's book says."""
        try:
            if self.members:
                self._settle()
        finally:
            self.world.product.settlement_jobs._node = self.world.node

    def _settle(self) -> None:
        self.bank.fate = "accepted"
        self.bank.close()
        for _ in range(4):
            self.world.later(minutes=5)
            self.world.product.settlement_jobs.take_up()
            for who in range(len(self.members)):
                self._run(who, "settlement.dispatch", "settlement.follow_up")
            self.bank.close()
        self.world.product.settlement_jobs.read_since(self.first_day)
        self.agrees()
        self._views()
        for member in self.members:
            for number, state in self._states(member).items():
                if kind_of(state) in (UNDER_WAY, "paid", "returned"):
                    assert state == end_of(*self.bank.booked(number)), (number, state)

    # -- help ----------------------------------------------------------------------------------------------

    def _case(self, who: int, *, old: bool = False) -> str:
        numbers = list(self.pages[who].cases)
        assume(numbers)
        return numbers[0 if old else -1]

    def _any(self, kind: str) -> bool:
        return any(kind in page.cases.values() for page in self.pages)

    def _states(self, member: Member) -> dict[str, str]:
        with transaction(self.world.sessions) as session:
            return {row.case_no: row.state for row in session.execute(_STATES, {"a": member.account_id})}

    def _run(self, who: int, *names: str) -> list[str]:
        return self.world.run_jobs(self.members[who].account_id, *names, rounds=1)

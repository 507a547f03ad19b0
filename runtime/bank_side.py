"""Bank side 银行一侧: payments, deductions and letters, over one node."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from runtime import partners
from runtime.foundation import Foundation
from runtime.retention import Retention
from services.closing.days import look_again
from services.closing.run import Closing
from services.items.collecting import CardOutcomes
from services.reconciliation.breaks import Breaks
from services.reconciliation.ports import Claims
from services.reconciliation.statements import Statements
from services.reconciliation.suspense import Suspense
from services.remittances.claiming import RemittanceClaims
from services.remittances.matching import RemittanceReceipts
from services.settlement.adapters.bdc.config import BdcConfig
from services.settlement.adapters.bdc.deductions import BdcDeductions
from services.settlement.adapters.bdc.letters import BdcLetterOffice
from services.settlement.adapters.bdc.node import BdcSettlementNode
from services.settlement.adapters.bdc.notices import BdcNoticeStream
from services.settlement.deductions.jobs import DeductionJobs
from services.settlement.deductions.service import Deductions
from services.settlement.deductions.unpaid import UnpaidDeductions
from services.settlement.jobs import SettlementJobs
from services.settlement.letters import LetterOffice
from services.settlement.service import Settlement
from services.settlement.unpaid import UnpaidPayments
from services.transfers.jobs import TransferJobs
from services.transfers.money import TransferReceipts
from services.transfers.sweeps import TransferSweeps
from services.withdrawals.service import WithdrawalPayments


@dataclass
class BankSide(Foundation):
    """Everything that speaks with the settlement node."""

    @cached_property
    def bdc_config(self) -> BdcConfig:
        """The settlement node."""
        return partners.settlement_node(self.settings)

    @cached_property
    def settlement_node(self) -> BdcSettlementNode:
        """The wire to the node."""
        return BdcSettlementNode(self.bdc_config, self.clock)

    @cached_property
    def deductions(self) -> Deductions:
        """Orders to take from cards."""
        return Deductions(self.cipher, self.clock, CardOutcomes())

    @cached_property
    def deduction_jobs(self) -> DeductionJobs:
        """Sending and following deductions."""
        node = BdcDeductions(self.bdc_config, self.clock, self.settlement_node)
        grace = timedelta(seconds=2 * self.settings.bdc_answer_timeout_s)
        read = self.settlement_jobs.read_since
        return DeductionJobs(self.sessions, self.clock, node, self.deductions, read, grace=grace)

    @cached_property
    def settlement(self) -> Settlement:
        """Payments and every movement of the bank."""
        receipts = RemittanceReceipts(self.cipher, self.clock)
        others = (self.deductions, TransferReceipts(self.clock), receipts)
        return Settlement(self.cipher, self.clock, WithdrawalPayments(), others, (receipts,))

    @cached_property
    def settlement_jobs(self) -> SettlementJobs:
        """Sending and following payments."""
        settlement = self.settlement
        node = self.settlement_node
        grace = timedelta(seconds=2 * self.settings.bdc_answer_timeout_s)
        return SettlementJobs(self.sessions, self.clock, node, settlement, grace=grace)

    @cached_property
    def statements(self) -> Statements:
        """The bank's word on whole days."""
        take = self.settlement_jobs.take_changes
        return Statements(self.sessions, self.clock, self.settlement_node, take)

    @cached_property
    def breaks(self) -> Breaks:
        """What does not agree, and people's word on it."""
        orders = (
            UnpaidPayments(self.clock, WithdrawalPayments()),
            UnpaidDeductions(self.clock, CardOutcomes()),
        )
        return Breaks(self.clock, self.claims, orders, look_again)

    @cached_property
    def suspense(self) -> Suspense:
        """What people have booked for a break, and where it goes."""
        return Suspense(self.clock, self.claims)

    @cached_property
    def claims(self) -> tuple[Claims, ...]:
        """Who may own money that came without a number, when two people say so."""
        return (self.settlement, TransferReceipts(self.clock), RemittanceClaims(self.clock))

    @cached_property
    def closing(self) -> Closing:
        """The day's end."""
        retention = Retention(self.sessions, self.clock, people_alarm=self.settings.face_people_alarm)
        return Closing(self.sessions, self.clock, self.policies, self.statements, retention.run_all)

    @cached_property
    def letter_office(self) -> LetterOffice:
        """Letters to other centres."""
        return BdcLetterOffice(self.bdc_config, self.clock, self.settings.bdc_pay_bank_name)

    @cached_property
    def transfer_jobs(self) -> TransferJobs:
        """Transfers from other centres."""
        return TransferJobs(self.sessions, self.clock, self.cipher, self.policies, self.letter_office)

    @cached_property
    def transfer_sweeps(self) -> TransferSweeps:
        """What was left lying of them."""
        return TransferSweeps(self.sessions, self.clock, self.settlement_jobs.read_since)

    @cached_property
    def notice_stream(self) -> BdcNoticeStream:
        """The bank's pushed movements."""
        return BdcNoticeStream(self.bdc_config, self.clock, self.transfer_jobs.take_letters)

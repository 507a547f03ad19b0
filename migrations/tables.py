"""Every mapped table, imported so that alembic sees it."""

from app.http.idempotency import IdempotencyRecord
from app.http.oauth_state import OAuthState
from app.http.rate_limit import RateBucket
from services.accounts.control_models import DailyLimit, WithdrawalLock
from services.accounts.models import InterestReceipt, InterestRun, PayeeCard, ProvidentFundAccount
from services.accounts.restored import RestoredBooks
from services.agreements.models import AgreementRun, LoanAgreement
from services.applications.models import Application, CaseCounter, Transition
from services.audit.models import AuditEntry, AuditHead
from services.centre.models import Announcement
from services.certificates.models import Certificate
from services.closing.models import BusinessDay, ClosingStep, LedgerDay
from services.contributions.models import Contribution
from services.core.db import Base
from services.core.outbox import OutboxEvent, ProcessedEvent
from services.core.retention import RetentionRun
from services.counter.models import CounterDecision, CounterProposal
from services.datasharing.models import ShareCall
from services.documents.models import Document
from services.evidence.models import CaseEvidence
from services.face.models import (
    FaceBatch,
    FaceFrameHash,
    FacePictureHash,
    FaceSession,
    FaceTemplate,
    FaceVerification,
)
from services.items.models import CardSmsCheck
from services.items.usage import ItemUsage
from services.ledger.models import Journal, MemberBalance, Posting
from services.loans.models import (
    Loan,
    LoanCard,
    LoanCoBorrower,
    LoanInstalment,
    LoanPlan,
    LoanRate,
    LoanReminder,
    LoanRepayment,
    MortgageDischarge,
)
from services.members.models import (
    Binding,
    Consent,
    Device,
    LoginSession,
    Member,
    MiniUser,
    PhoneChange,
    SmsChallenge,
)
from services.notices.models import (
    EarlyReceipt,
    NoticeCircular,
    NoticeConsent,
    NoticeIntent,
    NoticeQuietHours,
    NoticeSpend,
    NoticeSubscription,
)
from services.policies.models import PolicyValue
from services.ratings.models import CaseRating
from services.reconciliation.models import (
    BankBreak,
    BankStatement,
    BankStatementLine,
    BreakDecision,
    BreakEvent,
    BreakProposal,
)
from services.reconciliation.suspense_models import SuspenseClearing
from services.relatives.models import RelativeLink
from services.remittances.models import (
    Employer,
    RemittanceBatch,
    RemittanceFault,
    RemittanceLine,
    RemittanceReceipt,
    RemittanceReversal,
)
from services.reviews.models import ReviewClaim, ReviewDecision, ReviewOpinion, ReviewRequest
from services.settlement.deductions.models import Deduction
from services.settlement.models import BankNotice, PaymentInstruction
from services.staff.models import Staff, StaffSession
from services.transfers.models import TransferIn, TransferLetter, TransferMoney
from services.withdrawals.models import RiskDecision
from wechat.followers import WeChatFollower
from wechat.quotas import WeChatQuota
from wechat.replay_store import WeChatCallbackSeen
from wechat.token_store import WeChatToken

TABLES = (
    AgreementRun, Announcement, LoanAgreement, Application, AuditEntry, AuditHead, BankBreak, BankNotice, BankStatement, BankStatementLine, Binding, BreakDecision, BreakEvent, BreakProposal, BusinessDay, CardSmsCheck, CaseCounter, CaseEvidence, CaseRating, Certificate, ClosingStep, Consent,
    Contribution, CounterDecision, CounterProposal, DailyLimit, Deduction, Device, Document, EarlyReceipt, Employer,
    FaceBatch, FaceFrameHash, FacePictureHash, FaceSession, FaceTemplate, FaceVerification, IdempotencyRecord, InterestReceipt, InterestRun, ItemUsage, Journal, LedgerDay, Loan, LoanCard, LoanCoBorrower,
    LoanInstalment, LoanPlan, LoanRate, LoanReminder, LoanRepayment, LoginSession,
    Member, MemberBalance, MiniUser, MortgageDischarge,
    NoticeCircular, NoticeConsent, NoticeIntent, NoticeQuietHours, NoticeSpend, NoticeSubscription, OAuthState, OutboxEvent, PayeeCard, PaymentInstruction, PhoneChange, PolicyValue, Posting, ProcessedEvent,
    ProvidentFundAccount, RateBucket, RemittanceBatch, RemittanceFault, RemittanceLine, RemittanceReceipt, RemittanceReversal, RelativeLink, RestoredBooks, RetentionRun, ReviewClaim, ReviewDecision, ReviewOpinion, ReviewRequest, RiskDecision, ShareCall,
    SmsChallenge, Staff, StaffSession, SuspenseClearing, TransferIn, TransferLetter, TransferMoney, Transition, WeChatCallbackSeen, WeChatFollower, WeChatQuota, WeChatToken, WithdrawalLock,
)  # fmt: skip
metadata = Base.metadata

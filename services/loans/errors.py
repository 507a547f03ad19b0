"""What can stand in the way of a repayment 还款错误."""

from __future__ import annotations

from services.core.errors import Conflict, Invalid


class LoanSettled(Conflict):
    """Nothing is owed any more."""

    code, title, detail = "loan.settled", "贷款已结清", "这笔贷款已经还清了。"


class LoanOverdue(Conflict):
    """An instalment is overdue; it comes first."""

    code, title = "loan.overdue", "有逾期还款"
    detail = "这笔贷款有逾期没有还清，请先还清逾期部分。"


class PrepaymentTooMuch(Conflict):
    """The amount would settle the loan."""

    code, title = "loan.prepayment_settles", "金额够还清贷款了"
    detail = "这个金额已经够还清贷款，请改用“提前结清”。"


class InstalmentNotDue(Conflict):
    """Only the next instalment can be paid, and not before its day."""

    code, title, detail = "loan.instalment_not_due", "还没到还款日", "这一期还没有到还款日。"


class InstalmentDueToday(Conflict):
    """Today's instalment comes first."""

    code, title = "loan.instalment_due_today", "今天是还款日"
    detail = "今天是还款日，请等今天这一期扣款以后再提前还款。"


class PlanMoved(Conflict):
    """The loan is not any more what a sum was worked out from."""

    code, title, detail = "loan.plan_moved", "贷款有变化", "这笔贷款刚刚有变化，请刷新后再办。"


class SameCard(Invalid):
    """The card is the repayment card already."""

    code, title, detail = "loan.card_same", "没有变化", "这张卡已经是这笔贷款的还款卡了。"

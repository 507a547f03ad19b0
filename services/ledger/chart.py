"""Chart of accounts 会计科目, after 住房公积金会计核算办法 (codes to be verified against the accounting rules)."""

from __future__ import annotations

BANK_DEPOSIT = "101"
"""住房公积金存款: the centre's deposit at the bank."""
SURPLUS_DEPOSIT = "102"
"""增值收益存款."""
OTHER_RECEIVABLE = "119"
"""其他应收款."""
ENTRUSTED_LOAN = "121"
"""委托贷款."""
OVERDUE_LOAN = "122"
"""逾期贷款."""
MEMBER_FUND = "201"
"""住房公积金: what the centre owes its members; sub-ledger by member."""
INTEREST_PAYABLE = "211"
"""应付利息."""
WITHDRAWAL_PAYABLE = "219"
"""其他应付款—应付提取款: approved and not yet paid; sub-ledger by member."""
UNMATCHED_RECEIPT = "21901"
"""其他应付款—暂收款: money that came for a member and whose papers are not there yet; not the member's fund, not a hold."""
EMPLOYER_RECEIPT = "21902"
"""其他应付款—汇缴暂收: an employer's money until its lines are in the members' funds."""
BANK_DIFFERENCE = "21903"
"""其他应付款—待查银行款: money on the centre's account that nobody has claimed yet; two people put it there."""
EMPLOYER_RETURN = "21904"
"""其他应付款—应退单位款: what two people decided to give back to an employer, until the bank has paid it."""
BUSINESS_INCOME = "401"
"""业务收入."""
BUSINESS_EXPENSE = "411"
"""业务支出."""

NAMES = {
    BANK_DEPOSIT: "住房公积金存款",
    SURPLUS_DEPOSIT: "增值收益存款",
    OTHER_RECEIVABLE: "其他应收款",
    ENTRUSTED_LOAN: "委托贷款",
    OVERDUE_LOAN: "逾期贷款",
    MEMBER_FUND: "住房公积金",
    INTEREST_PAYABLE: "应付利息",
    WITHDRAWAL_PAYABLE: "其他应付款—应付提取款",
    UNMATCHED_RECEIPT: "其他应付款—暂收款",
    BANK_DIFFERENCE: "其他应付款—待查银行款",
    EMPLOYER_RETURN: "其他应付款—应退单位款",
    EMPLOYER_RECEIPT: "其他应付款—汇缴暂收",
    BUSINESS_INCOME: "业务收入",
    BUSINESS_EXPENSE: "业务支出",
}

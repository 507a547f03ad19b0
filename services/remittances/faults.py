"""What may be wrong with a batch 汇缴差错: stable codes and what the employer is told."""

from __future__ import annotations

from dataclasses import dataclass

from services.core.errors import Conflict, Invalid

TEXTS = {
    # the file as it is read
    "file_empty": "文件是空的。",
    "file_too_long": "文件太大，请分成几个批次报送。",
    "file_encoding": "文件的编码读不懂，请存成 UTF-8 或 GB18030。",
    "file_characters": "文件里有不该有的字符（空字符、控制符或零宽字符），请重新导出。",
    "file_line_long": "这一行太长。",
    "file_line_ends": "换行方式前后不一致，请重新导出。",
    "header_format": "表头不对，请按清册格式填写。",
    "header_value": "表头这一项填得不对。",
    "line_columns": "这一行的列数不对，应该是 6 列。",
    "line_order": "序号要从 1 起连续编排。",
    "line_account": "个人账号只能是 10 到 20 位数字。",
    "line_id_no": "证件号码要 18 位，末位可以是大写 X。",
    "line_amount": "金额要写到分，只用数字和小数点，例如 1000.00，并且大于零。",
    "people_differ": "人数和清册的行数对不上。",
    "unit_total_differs": "单位缴存额合计对不上。",
    "member_total_differs": "个人缴存额合计对不上。",
    "total_differs": "总额和两项合计对不上。",
    "control_differs": "账号校验和对不上，可能有账号写错。",
    # the batch against the centre's records
    "employer_state": "单位账户现在的状态不能汇缴。",
    "percent_range": "缴存比例不在规定的范围内。",
    "month_unknown": "这个月没有缴存基数的规定，请联系中心。",
    "month_future": "汇缴年月还没有到。",
    "month_order": "汇缴年月应当是缴至年月的下一个月。",
    "month_not_behind": "补缴只收本月以前的月份。",
    "people_more": "清册人数比单位正常缴存的人数多。",
    # a line against the centre's records
    "account_unknown": "没有这个个人账号。",
    "account_repeated": "这个账号在清册里出现了不止一次。",
    "person_differs": "账号和证件号码不是同一个人。",
    "employer_differs": "这个人不在本单位名下。",
    "account_closed": "账户已经注销。",
    "account_frozen": "账户已经冻结。",
    "account_sealed": "账户已经封存，请先办启封。",
    "account_later": "账户在这个月以后才开立。",
    "month_paid": "这个月已经缴过了。",
    "base_low": "缴存基数低于下限。",
    "base_high": "缴存基数高于上限。",
    "base_differs": "缴存基数和登记的不一样，请先办基数调整。",
    "percent_differs": "缴存比例和登记的不一样，请先办比例调整。",
    "unit_share": "单位缴存额和基数乘比例算出来的不一样。",
    "member_share": "个人缴存额和基数乘比例算出来的不一样。",
    # a line that could not be done in the end
    "left_out": "入账时账户已经不能存钱，这一行没有入账，钱在汇缴暂收里。",
    "not_taken_back": "账户里的钱不够冲回，或账户已经注销，这一行没有冲回。",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong; line 0 is the batch itself."""

    line_no: int
    code: str

    @property
    def text(self) -> str:
        """As the employer is told."""
        where = f"第 {self.line_no} 行：" if self.line_no else ""
        return where + TEXTS[self.code]


class FileRefused(Invalid):
    """The file cannot be taken; nothing of it is kept."""

    code, title = "remittance.file", "汇缴清册读不懂"

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(faults[0].text, extra={"faults": [f"{one.line_no} {one.code}" for one in faults]})
        self.faults = faults


class EmployerUnknown(Invalid):
    """No such employer."""

    code, detail = "remittance.employer_unknown", "没有这个单位账号。"


class AlreadyFiled(Conflict):
    """The employer has a live batch of this month, or this very file."""

    code, detail = "remittance.already_filed", "这个月的汇缴清册已经报过了。"


class NotNow(Conflict):
    """The batch's state does not allow it."""

    code, detail = "remittance.state", "这个批次现在不能这样办。"


class SamePerson(NotNow):
    """Whoever asked does not decide."""

    code, detail = "remittance.same_person", "提出的人不能自己批准，请另一位同事复核。"

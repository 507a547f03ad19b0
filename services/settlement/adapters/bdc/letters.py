"""Letters 联系函 over the BDC wire: BDC901 转入申请, BDC903 撤销, BDC904 进度, and what the other centre pushes (BDC905)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from services.core.clock import Clock
from services.settlement.adapters.bdc import verdicts
from services.settlement.adapters.bdc.config import BdcConfig
from services.settlement.adapters.bdc.errors import BadMessage, NoAnswer, NothingSent, StatementUnavailable
from services.settlement.adapters.bdc.link import Link
from services.settlement.adapters.bdc.messages import bank_text, to_settlement
from services.settlement.adapters.bdc.rows import signed_fen
from services.settlement.adapters.bdc.xml import Message
from services.settlement.letters import AccountLetter, ContactLetter, LetterNews, LetterReply, Step

IDENTITY_CARD = "01"
NEW, CONFIRMED = "0", "1"
PUSHED = frozenset({"BDC901", "BDC904", "BDC905"})
"""Messages that another centre's word comes in, on the connection of the notices."""
_LETTER_NO = re.compile("C[0-9]{15}")
_MONTH = re.compile("(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])")
_FLAGS = {"0": False, "1": True}
# AppPrStatus 办理状态; a star in the rules of the platform means that nothing follows.
_STEPS: Mapping[str, Step] = {
    "00": "done",
    "01": "moving",
    "02": "confirmed",
    "05": "withdrawn",
    "06": "talking",
    "08": "letter",
    "13": "refused",
    "20": "failed",
    "40": "failed",
}


class BdcLetterOffice:
    """Implements `services.settlement.letters.LetterOffice`; safe for several threads and processes."""

    def __init__(self, config: BdcConfig, clock: Clock, bank_name: str, contact: str = "") -> None:
        self._config, self._clock = config, clock
        self._bank_name, self._contact = bank_name, contact
        self._link = Link(config, clock)

    def apply(self, letter: ContactLetter) -> LetterReply:
        """Send BDC901; the same number may go out again, the platform keeps the first."""
        return self._send("BDC901", application_body(self._config, letter, self._bank_name, self._contact))

    def withdraw(self, letter_no: str, written_on: date) -> LetterReply:
        """Send BDC903."""
        return self._send("BDC903", {"ConNum": letter_no, "GenDate": f"{written_on:%Y%m%d}"})

    def _send(self, tx_code: str, body: Mapping[str, str]) -> LetterReply:
        try:
            answer = self._link.ask(to_settlement(self._config, self._clock, tx_code, body))
        except (NothingSent, NoAnswer) as fault:
            return LetterReply("unknown", fault.code)
        return _reply(answer, self._config)

    def progress(self, letter_no: str) -> LetterNews:
        """Ask BDC904; StatementUnavailable unless the answer is whole."""
        request = to_settlement(self._config, self._clock, "BDC904", {"ConNum": letter_no})
        try:
            answer = self._link.ask(request)
            if answer.head.get("RtnCode") == verdicts.NO_RECORD:
                return LetterNews(letter_no, "no_record", verdicts.NO_RECORD)
            if not verdicts.is_good(answer):
                raise StatementUnavailable("answer.refused")
            news = news_of("BDC904", answer.body)
        except (NothingSent, NoAnswer, BadMessage) as fault:
            raise StatementUnavailable(fault.code) from None
        if news.letter_no != letter_no:
            raise StatementUnavailable("answer.foreign")
        return news


def application_body(
    config: BdcConfig, letter: ContactLetter, bank_name: str, contact: str
) -> dict[str, str]:
    """BDC901 with TxFunc 0: who, from where, and which account the money goes to."""
    return {
        "ConNum": letter.letter_no,
        "TxFunc": NEW,
        "TranOutUnitNo": letter.centre_code,
        "TranCenName": letter.centre_name,
        "EmpName": bank_text(config, letter.member_name),
        "DocType": IDENTITY_CARD,
        "IdNum": letter.id_no,
        "SocUnitName": letter.former_employer,
        "SocRefAcctNo": letter.former_account_no,
        "TranRefAcctNo": config.pay_account_no,
        "TranRefAcctName": config.pay_account_name,
        "TranBank": bank_name,
        "TrenCenInfo": contact,
        "GenDate": f"{letter.written_on:%Y%m%d}",
    }


def _reply(answer: Message, config: BdcConfig) -> LetterReply:
    code, message = answer.head.get("RtnCode", ""), answer.head.get("RtnMessage", "")
    if verdicts.is_good(answer):
        return LetterReply("taken", code)
    final = answer.head.get("TxStatus") == "1" and code not in config.undecided_codes | {"", "00000"}
    return LetterReply("rejected" if final else "unknown", code, message[:60])


def news_of(tx_code: str, body: Mapping[str, str]) -> LetterNews:
    """What a pushed message, or the answer to BDC904, says; BadMessage for anything but the agreed form."""
    letter_no, reason = body.get("ConNum", ""), body.get("AppPrInfo", "")[:60]
    if not _LETTER_NO.fullmatch(letter_no):
        raise BadMessage("letter.number")
    if tx_code == "BDC901":
        if body.get("TxFunc") != CONFIRMED:
            raise BadMessage("letter.function")
        return LetterNews(letter_no, "confirmed", "02", reason)
    if tx_code == "BDC905":
        return _account_news(letter_no, body, reason)
    status = body.get("AppPrStatus", "")
    if status not in _STEPS:
        raise BadMessage("letter.status")
    account = account_of(body) if "TranAmt" in body else None
    return LetterNews(letter_no, _STEPS[status], status, reason, account)


def _account_news(letter_no: str, body: Mapping[str, str], reason: str) -> LetterNews:
    """BDC905: TranRstCode 0 hands the account over, 1 does not, 2 wants to talk first."""
    if body.get("TxFunc") not in ("0", "1", "2"):
        raise BadMessage("letter.function")
    match body.get("TranRstCode"):
        case "0":
            return LetterNews(letter_no, "letter", "08", reason, account_of(body))
        case "1":
            return LetterNews(letter_no, "refused", "13", reason)
        case "2":
            return LetterNews(letter_no, "talking", "06", reason)
    raise BadMessage("letter.result")


def account_of(body: Mapping[str, str]) -> AccountLetter:
    """The account a letter hands over; TranAmt has to be OrAcctAmt and Yinter together."""
    amount, principal, interest = (
        signed_fen(body.get(name, "")) for name in ("TranAmt", "OrAcctAmt", "Yinter")
    )
    if amount <= 0 or principal < 0 or interest < 0 or principal + interest != amount:
        raise BadMessage("letter.amount")
    loans = body.get("LoanNum", "")
    if not re.fullmatch("[0-9]{1,2}", loans):
        raise BadMessage("letter.loans")
    return AccountLetter(
        amount_fen=amount,
        principal_fen=principal,
        interest_fen=interest,
        opened_month=_month(body.get("OAcctDate", "")),
        paid_through_month=_month(body.get("PayEndDate", "")),
        six_months=_flag(body.get("SixMconFlag", "")),
        loans=int(loans),
        unsettled_loan=_flag(body.get("LoanEndFlag", "")),
        misuse=_flag(body.get("FrLoanFlag", "")),
    )


def _month(text: str) -> str:
    if not _MONTH.fullmatch(text):
        raise BadMessage("letter.month")
    return f"{text[:4]}-{text[4:]}"


def _flag(text: str) -> bool:
    if text not in _FLAGS:
        raise BadMessage("letter.flag")
    return _FLAGS[text]

"""What another centre writes 对方来信: BDC905, a confirmation, or the answer to BDC904, read strictly."""

from __future__ import annotations

import re
from collections.abc import Mapping

from services.settlement.adapters.bdc.errors import BadMessage
from services.settlement.adapters.bdc.rows import signed_fen
from services.settlement.letters import AccountLetter, LetterNews, Step

CONFIRMED = "1"
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

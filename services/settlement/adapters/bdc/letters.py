"""Letters 联系函 over the BDC wire: BDC901 转入申请, BDC903 撤销, BDC904 进度."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from services.core.clock import Clock
from services.settlement.adapters.bdc import verdicts
from services.settlement.adapters.bdc.config import BdcConfig
from services.settlement.adapters.bdc.errors import BadMessage, NoAnswer, NothingSent, StatementUnavailable
from services.settlement.adapters.bdc.letter_words import news_of
from services.settlement.adapters.bdc.link import Link
from services.settlement.adapters.bdc.messages import bank_text, to_settlement
from services.settlement.adapters.bdc.xml import Message
from services.settlement.letters import ContactLetter, LetterNews, LetterReply

IDENTITY_CARD = "01"
NEW = "0"


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
    code, message = answer.head.get("RtnCode", "")[:40], answer.head.get("RtnMessage", "")
    if verdicts.is_good(answer):
        return LetterReply("taken", code)
    final = answer.head.get("TxStatus") == "1" and code not in config.undecided_codes | {"", "00000"}
    return LetterReply("rejected" if final else "unknown", code, message[:60])

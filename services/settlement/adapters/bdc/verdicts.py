"""Verdicts 结果判定: what an answer means for an instruction; whatever is not explicit is `unknown`."""

from __future__ import annotations

from collections.abc import Set
from typing import Literal

from services.settlement.adapters.bdc.errors import NoAnswer, NothingSent
from services.settlement.adapters.bdc.rows import HOST_NO
from services.settlement.adapters.bdc.session import OK
from services.settlement.adapters.bdc.xml import Message
from services.settlement.ports import PayReply, QueryReply

NO_RECORD = "NOREC"
# The message carries another day than the node's: it took nothing, and takes the same number on its own day.
OTHER_DAY = "E2007"
_MOST_CODE, _MOST_MESSAGE = 40, 200
_FATES: dict[str, Literal["success", "failed", "pending"]] = {"0": "success", "1": "failed", "2": "pending"}


def pay_reply(answer: Message, undecided: Set[str]) -> PayReply:
    """Read the answer to a BDC101."""
    return PayReply(_pay_outcome(answer, undecided), *_words(answer), _host_no(answer, "CapHostSeqNo"))


def _pay_outcome(
    answer: Message, undecided: Set[str]
) -> Literal["accepted", "rejected", "unknown", "not_sent"]:
    code = answer.head.get("RtnCode", "")
    match (answer.head.get("TxStatus"), answer.body.get("HostStatus")):
        case ("0", "0") if code == OK:
            return "accepted"
        case ("1", host) if host != "0" and code == OTHER_DAY:
            return "not_sent"
        case ("1", host) if host != "0" and _is_final(code, undecided):
            return "rejected"
        case ("0", "1") if _is_final(code, undecided):
            return "rejected"
    return "unknown"


def _is_final(code: str, undecided: Set[str]) -> bool:
    return code not in ("", OK) and code not in undecided


def pay_failure(fault: NothingSent | NoAnswer) -> PayReply:
    """The reply when no answer came."""
    if isinstance(fault, NothingSent):
        return PayReply("not_sent", fault.code, "", None, written=fault.written)
    return PayReply("unknown", fault.code, "", None)


def query_reply(answer: Message) -> QueryReply:
    """Read the answer to a BDC110."""
    words, host_seq_no = _words(answer), _host_no(answer, "HostSeqNo")
    if words[0] == NO_RECORD:
        return QueryReply("no_record", None, *words)
    fate = _FATES.get(answer.body.get("OldTxStatus", ""))
    if fate is None or answer.head.get("TxStatus") != "0" or words[0] != OK:
        return QueryReply("unknown", None, *words)
    return QueryReply(fate, host_seq_no, *words)


def query_failure(fault: NothingSent | NoAnswer) -> QueryReply:
    """The reply when the query itself failed: nothing is known of the instruction."""
    return QueryReply("unknown", None, fault.code, "")


def is_good(answer: Message) -> bool:
    """Whether a question without money in it was answered well."""
    return answer.head.get("TxStatus") == "0" and answer.head.get("RtnCode") == OK


def _words(answer: Message) -> tuple[str, str]:
    """Code and message as far as a history holds them; what they mean is judged by the whole."""
    return answer.head.get("RtnCode", "")[:_MOST_CODE], answer.head.get("RtnMessage", "")[:_MOST_MESSAGE]


def _host_no(answer: Message, name: str) -> str | None:
    """The bank's number of the movement; one that no table holds is none, and the outcome counts all the same."""
    number = answer.body.get(name, "")
    return number if HOST_NO.fullmatch(number) else None

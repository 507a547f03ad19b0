"""Link troubles 结算链路异常: sorted by the one thing that matters, whether a byte was written."""

from __future__ import annotations

from services.settlement.ports import NodeUnavailable


class BdcError(Exception):
    """Base of the adapter's own errors; the code is stable and carries no personal data."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NothingSent(BdcError):
    """Certain: the node has not got the message, or said in clear that it could not read it.

    `written`: it had been on the line, and somebody said that it could not be read.
    """

    def __init__(self, code: str, *, written: bool = False) -> None:
        super().__init__(code)
        self.written = written


class NoAnswer(BdcError):
    """Bytes were written and no answer that can be trusted came back: the fate is unknown."""


class BadFrame(BdcError):
    """A frame that is cut short, too long or has a wrong head."""


class BadMessage(BdcError):
    """A payload that cannot be decrypted or is not a message of the agreed form."""


class Unencodable(BdcError):
    """Text that must not go into a message: control characters or lone surrogates."""


class StatementUnavailable(BdcError, NodeUnavailable):
    """BDC113 or BDC123 gave no complete, well-formed answer; nothing may be concluded from it."""

"""Failures 失败: what a provider's error code means for the message, by table; the longest name that fits decides.

member    the recipient's own reason (wrong number, blacklist, asked too often today): ends here, nobody else is asked
later     the recipient's too, but it passes: the same provider again after a while
message   this text is not to be had here (template, wording): another provider, else the end
provider  the account, the signature, the balance, the gateway: another provider at once, else later
uncertain the provider cannot tell whether it sent: look up, never resend
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from typing import Literal

import requests
import urllib3
from urllib3.exceptions import NewConnectionError

from services.notices.ports import ChannelFailure, NotSent, Refused, Uncertain

Meaning = Literal["member", "later", "message", "provider", "uncertain"]
Table = Mapping[str, Meaning]

_FAILURES: Mapping[Meaning, Callable[[str], ChannelFailure]] = {
    "member": Refused,
    "later": NotSent,
    "message": lambda code: Refused(code, elsewhere=True),
    "provider": lambda code: NotSent(code, elsewhere=True),
    "uncertain": Uncertain,
}

TENCENT: Table = {
    "FailedOperation.PhoneNumberInBlacklist": "member",
    "InvalidParameterValue.IncorrectPhoneNumber": "member",
    "LimitExceeded.PhoneNumberOneHourLimit": "member",
    "LimitExceeded.PhoneNumberDailyLimit": "member",
    "LimitExceeded.PhoneNumberSameContentDailyLimit": "member",
    "LimitExceeded.PhoneNumberThirtySecondLimit": "later",
    "LimitExceeded.DeliveryFrequencyLimit": "later",
    "LimitExceeded.AppDailyLimit": "provider",
    "LimitExceeded.AppMainlandChinaDailyLimit": "provider",
    "LimitExceeded.DailyLimit": "provider",
    "FailedOperation.InsufficientBalanceInSmsPackage": "provider",
    "FailedOperation.SignatureIncorrectOrUnapproved": "provider",
    "InvalidParameterValue.SdkAppIdNotExist": "provider",
    "AuthFailure": "provider",
    "UnauthorizedOperation": "provider",
    "RequestLimitExceeded": "provider",
    "IpInBlacklist": "provider",
    "IpNotInWhitelist": "provider",
    "InvalidAction": "provider",
    "NoSuchVersion": "provider",
    "ResourceInsufficient": "provider",
    # Refused at the door, before anything was looked at, though they are called internal.
    "InternalError.RequestTimeException": "provider",
    "InternalError.SigVerificationFail": "provider",
    "InternalError.SigFieldMissing": "provider",
    "InternalError": "uncertain",
    "ServiceUnavailable": "uncertain",
    "ServerNetworkError": "uncertain",
}

ALIYUN: Table = {
    "isv.MOBILE_NUMBER_ILLEGAL": "member",
    "isv.BLACK_KEY_CONTROL_LIMIT": "member",
    "isv.CUSTOMER_REFUSED": "member",
    # One code for the minute, the hour and the day of one number: trying again makes it worse.
    "isv.BUSINESS_LIMIT_CONTROL": "member",
    "isv.DAY_LIMIT_CONTROL": "provider",
    "isv.MONTH_LIMIT_CONTROL": "provider",
    "isv.SMS_SIGNATURE_ILLEGAL": "provider",
    "isv.SMS_SIGN_ILLEGAL": "provider",
    "isv.SIGN_NAME_ILLEGAL": "provider",
    "isv.SIGN_STATE_ILLEGAL": "provider",
    "isv.AMOUNT_NOT_ENOUGH": "provider",
    "isv.OUT_OF_SERVICE": "provider",
    "isv.PRODUCT_UN_SUBSCRIPT": "provider",
    "isv.PRODUCT_UNSUBSCRIBE": "provider",
    "isv.ACCOUNT_NOT_EXISTS": "provider",
    "isv.ACCOUNT_ABNORMAL": "provider",
    "isv.DENY_IP_RANGE": "provider",
    "isp.RAM_PERMISSION_DENY": "provider",
    "isp": "uncertain",
    "SignatureDoesNotMatch": "provider",
    "IncompleteSignature": "provider",
    "InvalidAccessKeyId": "provider",
    "MissingAccessKeyId": "provider",
    "InvalidTimeStamp": "provider",
    "InvalidVersion": "provider",
    "InvalidAction": "provider",
    "Forbidden": "provider",
    "NoPermission": "provider",
    "Throttling": "provider",
    # The number of the call was seen before: somebody on the way sent it twice, so the first one may have worked.
    "SignatureNonceUsed": "uncertain",
    "InternalError": "uncertain",
    "ServiceUnavailable": "uncertain",
}

MAS: Table = {
    "InvalidMobile": "member",
    "IllegalMac": "provider",
    "IllegalSignId": "provider",
    "NoSignId": "provider",
    "NotLoadedSign": "provider",
    "InvalidUsrOrPwd": "provider",
    "IllegalIpAddress": "provider",
    "NOT_WHITE_IP": "provider",
    "IllegalState": "provider",
    "OverDailyMax": "provider",
    "QueueOverLimit": "provider",
    "FlowOverLimit": "provider",
    "RequestTooOften": "provider",
    "SystemBusy": "provider",
    "InternalError": "uncertain",
    "RequestTimeout": "uncertain",
    "TransportError": "uncertain",
}


def meaning(table: Table, code: str) -> Meaning:
    """What a code means; one that nobody knows was still a clear no, so it concerns this message here."""
    parts = code.split(".")
    names = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((table[name] for name in names if name in table), "message")


def failure(table: Table, provider: str, code: str) -> ChannelFailure:
    """The failure to raise for a provider's code."""
    shown = "".join(character for character in code if "!" <= character <= "~")
    return _FAILURES[meaning(table, code)](f"{provider}.{shown}"[:60])


def network_failure(provider: str, cause: BaseException | None) -> ChannelFailure:
    """Where no connection came about nothing was sent; any other network error leaves it open."""
    if never_connected(cause):
        return NotSent(f"{provider}.no_connection", elsewhere=True)
    return Uncertain(f"{provider}.lost")


def never_connected(cause: BaseException | None) -> bool:
    """Whether requests failed before it had a connection, or would not have the one it got."""
    if isinstance(cause, requests.ConnectTimeout):
        return True
    reason = getattr(cause.args[0], "reason", None) if cause is not None and cause.args else None
    if isinstance(reason, urllib3.exceptions.SSLError):
        return bool(reason.args) and isinstance(reason.args[0], ssl.SSLCertVerificationError)
    return isinstance(reason, NewConnectionError)

"""What providers' error codes mean, and that the tables know the codes of the providers' lists."""

import ssl

import pytest
import requests
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from services.notices.adapters.sms_failures import (
    ALIYUN,
    MAS,
    TENCENT,
    failure,
    meaning,
    network_failure,
)
from services.notices.ports import NotSent, Refused, Uncertain

POOL = urllib3.connectionpool.HTTPSConnectionPool("sms.example")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("isv.MOBILE_NUMBER_ILLEGAL", "member"),
        ("isv.BLACK_KEY_CONTROL_LIMIT", "member"),
        ("isv.BUSINESS_LIMIT_CONTROL", "member"),
        ("isv.DAY_LIMIT_CONTROL", "provider"),
        ("isv.SMS_SIGNATURE_ILLEGAL", "provider"),
        ("isv.AMOUNT_NOT_ENOUGH", "provider"),
        ("isv.OUT_OF_SERVICE", "provider"),
        ("isv.SMS_TEMPLATE_ILLEGAL", "message"),
        ("isv.TEMPLATE_MISSING_PARAMETERS", "message"),
        ("isp.RAM_PERMISSION_DENY", "provider"),
        ("isp.SYSTEM_ERROR", "uncertain"),
        ("isp.GATEWAY_ERROR", "uncertain"),
        ("SignatureDoesNotMatch", "provider"),
        ("InvalidAccessKeyId.Inactive", "provider"),
        ("Throttling.User", "provider"),
        ("SignatureNonceUsed", "uncertain"),
        ("ServiceUnavailable", "uncertain"),
    ],
)
def test_aliyun(code: str, expected: str) -> None:
    assert meaning(ALIYUN, code) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("FailedOperation.PhoneNumberInBlacklist", "member"),
        ("LimitExceeded.PhoneNumberThirtySecondLimit", "later"),
        ("LimitExceeded.PhoneNumberDailyLimit", "member"),
        ("LimitExceeded.AppDailyLimit", "provider"),
        ("FailedOperation.SignatureIncorrectOrUnapproved", "provider"),
        ("FailedOperation.TemplateIncorrectOrUnapproved", "message"),
        ("FailedOperation.ContainSensitiveWord", "message"),
        ("FailedOperation.InsufficientBalanceInSmsPackage", "provider"),
        ("AuthFailure.SignatureFailure", "provider"),
        ("UnauthorizedOperation.ServiceSuspendDueToArrears", "provider"),
        ("RequestLimitExceeded.UinLimitExceeded", "provider"),
        ("InternalError.Timeout", "uncertain"),
        ("InternalError.SigVerificationFail", "provider"),
    ],
)
def test_tencent(code: str, expected: str) -> None:
    assert meaning(TENCENT, code) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("InvalidMobile", "member"),
        ("IllegalMac", "provider"),
        ("InvalidUsrOrPwd", "provider"),
        ("NoSignId", "provider"),
        ("InvalidMessage", "message"),
        ("InternalError", "uncertain"),
    ],
)
def test_mas(code: str, expected: str) -> None:
    assert meaning(MAS, code) == expected


@pytest.mark.parametrize(
    ("code", "kind", "elsewhere"),
    [
        ("isv.MOBILE_NUMBER_ILLEGAL", Refused, False),
        ("isv.AMOUNT_NOT_ENOUGH", NotSent, True),
        ("isv.SMS_TEMPLATE_ILLEGAL", Refused, True),
        ("isp.SYSTEM_ERROR", Uncertain, False),
    ],
)
def test_the_failure_says_who_and_whether_another_may(code: str, kind: type, elsewhere: bool) -> None:
    made = failure(ALIYUN, "aliyun", code)
    assert (type(made), made.elsewhere, made.code) == (kind, elsewhere, f"aliyun.{code}")


@given(st.text(max_size=200), st.sampled_from([ALIYUN, TENCENT, MAS]))
def test_any_code_becomes_a_failure_that_a_row_can_hold(code: str, table: dict[str, str]) -> None:
    made = failure(table, "aliyun", code)
    assert len(made.code) <= 60
    assert made.code.isascii()
    assert made.code.isprintable()
    if isinstance(made, Uncertain):  # what may have gone out never goes to another provider
        assert not made.elsewhere


def caused_by(reason: Exception) -> requests.ConnectionError:
    """As requests raises it."""
    return requests.ConnectionError(urllib3.exceptions.MaxRetryError(POOL, "/", reason))


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        (requests.ConnectTimeout(), NotSent),
        (caused_by(urllib3.exceptions.NewConnectionError(POOL, "refused")), NotSent),
        (caused_by(urllib3.exceptions.SSLError(ssl.SSLCertVerificationError("self-signed"))), NotSent),
        (caused_by(urllib3.exceptions.SSLError(ssl.SSLError("broke off"))), Uncertain),
        (requests.ReadTimeout(), Uncertain),
        (requests.ConnectionError("reset"), Uncertain),
        (requests.ConnectionError(), Uncertain),
        (ValueError("not JSON"), Uncertain),
        (None, Uncertain),
    ],
)
def test_only_a_connection_that_never_was_is_surely_not_sent(cause: BaseException | None, kind: type) -> None:
    made = network_failure("mas", cause)
    assert type(made) is kind
    assert made.elsewhere == (kind is NotSent)

"""The channel `sms` as the product wires it, over the wire: who takes over from whom, and who does not."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.settings import Settings
from runtime import sms_providers
from sandbox.assembly import Sandbox
from services.core.clock import SystemClock
from services.notices.adapters.sms_chain import SmsChain
from services.notices.ports import Refused, Uncertain
from tests.contract.sms.conftest import CODE, PAID, PAID_TEXT, PHONE, calls, eventually, texts

Wire = Callable[..., SmsChain]


@pytest.fixture
def wire(sandbox: Sandbox, tmp_path: Path) -> Wire:
    """The channel, with the centre's settings."""
    ports = sandbox.setup.ports

    def make(providers: str, **changed: object) -> SmsChain:
        values: dict[str, object] = {
            "secrets_dir": tmp_path,
            "sms_providers": providers,
            "sms_endpoint": f"127.0.0.1:{ports['sms']}",
            "sms_aliyun_endpoint": f"127.0.0.1:{ports['sms_aliyun']}",
            "sms_mas_base_url": f"http://127.0.0.1:{ports['sms_mas']}",
        }
        settings = Settings(**(values | changed))  # type: ignore[arg-type]
        return sms_providers.sms_channel(settings, SystemClock())

    return make


@pytest.mark.parametrize("order", ["tencent,aliyun,mas", "aliyun,tencent", "mas,tencent"])
def test_the_centre_chooses_the_order(sandbox: Sandbox, wire: Wire, order: str) -> None:
    submitted = wire(order).send(PAID)
    first = order.split(",")[0]
    assert submitted.provider == first
    assert submitted.provider_ref.startswith(f"{first}:")
    assert [m["provider"] for m in sandbox.network.inbox(PHONE)] == [first]
    assert texts(sandbox) == [PAID_TEXT]


@pytest.mark.parametrize(
    "code",
    [
        "FailedOperation.InsufficientBalanceInSmsPackage",
        "FailedOperation.SignatureIncorrectOrUnapproved",
        "FailedOperation.TemplateIncorrectOrUnapproved",
    ],
)
def test_what_is_the_providers_fault_is_sent_by_the_next(sandbox: Sandbox, wire: Wire, code: str) -> None:
    sandbox.world.faults.order("sms", "SendSms", "code", args={"code": code})
    assert wire("tencent,aliyun,mas").send(CODE).provider == "aliyun"
    assert [m["provider"] for m in sandbox.network.inbox(PHONE)] == ["aliyun"]


def test_the_third_takes_over_when_two_cannot_be_reached(sandbox: Sandbox, wire: Wire) -> None:
    own = wire("tencent,aliyun,mas", sms_endpoint="127.0.0.1:9", sms_aliyun_endpoint="127.0.0.1:9")
    assert own.send(CODE).provider == "mas"
    assert [m["provider"] for m in sandbox.network.inbox(PHONE)] == ["mas"]


def test_a_lost_answer_is_not_sent_by_another(sandbox: Sandbox, wire: Wire) -> None:
    sandbox.world.faults.order("sms_aliyun", "SendSms", "timeout_after_accept", args={"seconds": 0})
    own, sent_at = wire("aliyun,tencent,mas"), datetime.now(UTC)
    with pytest.raises(Uncertain) as caught:
        own.send(CODE)
    assert caught.value.provider == "aliyun"
    assert [m["provider"] for m in sandbox.network.inbox(PHONE)] == ["aliyun"]
    assert calls(sandbox, "sms") == calls(sandbox, "sms_mas") == []
    # After a crash nobody knows the provider any more: all are asked, and the one that has it says so.
    assert eventually(lambda: own.look_up(CODE, None, sent_at) == "delivered")


def test_the_members_reason_ends_it(sandbox: Sandbox, wire: Wire) -> None:
    code = {"code": "FailedOperation.PhoneNumberInBlacklist"}
    sandbox.world.faults.order("sms", "SendSms", "code", args=code)
    with pytest.raises(Refused):
        wire("tencent,aliyun,mas").send(CODE)
    assert texts(sandbox) == []
    assert calls(sandbox, "sms_aliyun") == []


def test_one_that_keeps_failing_is_not_called_for_a_while(sandbox: Sandbox, wire: Wire) -> None:
    code = {"code": "AuthFailure.SecretIdNotFound"}
    sandbox.world.faults.order("sms", "SendSms", "code", args=code, times=None)
    own = wire("tencent,mas", sms_breaker_failures=3)
    assert [own.send(CODE).provider for _ in range(5)] == ["mas"] * 5
    assert len(calls(sandbox, "sms")) == 3


def test_every_text_we_send_is_approved_with_every_provider(sandbox: Sandbox) -> None:
    """A template added to the words needs its numbers in config/sms_templates.toml and at the doubles."""
    from services.notices.wording import wordings

    named = {facts["name"]: facts for facts in sandbox.network.templates.values()}
    ids = Settings().sms_templates
    for name, versions in wordings().items():
        if versions[-1].sms is None:
            continue
        assert tuple(named[name]["params"]) == versions[-1].parameters, name
        number = next(n for n, facts in sandbox.network.templates.items() if facts["name"] == name)
        assert (ids["aliyun"].get(name), ids["mas"].get(name)) == (f"SMS_{number}", f"{number:0>32}"), name

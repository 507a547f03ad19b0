"""Configurations of the three providers, at the doubles of the sandbox."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandbox.assembly import Sandbox
from sandbox.sms import receipts
from sandbox.trial import running, trial_setup
from services.notices.adapters.aliyun_sms import AliyunSmsConfig
from services.notices.adapters.mas_sms import MasSmsConfig
from services.notices.ports import OutgoingNotice

PHONE = "13800000031"
CODE = OutgoingNotice(
    "019ab3c4-0000-7000-8000-000000000001", "code", PHONE, "sms_code", {"code": "123456", "minutes": "5"}
)
PAID = OutgoingNotice(
    "019ab3c4-0000-7000-8000-000000000002",
    "settlement",
    PHONE,
    "settlement_paid",
    {"date": "11月22日", "item": "租房提取", "amount": "3000.00", "card4": "4321", "balance": "53000.00"},
)
PAID_TEXT = "【株洲公积金】11月22日租房提取3000.00元已转入尾号4321银行卡，账户余额53000.00元。咨询12329"


def eventually(check: Callable[[], Any]) -> Any:
    """What the check gives, as soon as it gives something; five seconds at most."""
    ends = time.monotonic() + 5
    while not (found := check()) and time.monotonic() < ends:
        time.sleep(0.05)
    return found


def texts(sandbox: Sandbox) -> list[str]:
    """What the member's phone shows."""
    return [message["text"] for message in sandbox.network.inbox(PHONE)]


def calls(sandbox: Sandbox, server: str) -> list[dict[str, Any]]:
    """Calls a gateway saw."""
    return [entry for entry in sandbox.store.entries("received", server) if entry["method"] != "PUSH"]


@pytest.fixture(scope="module")
def running_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One sandbox for the tests of a file; a receipt nobody takes is not offered again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(receipts, "TRIES", 1)
        with running(trial_setup(tmp_path_factory.mktemp("sms") / "state")) as sandbox:
            yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Sandbox:
    """The sandbox, as if nothing had been sent yet."""
    own = running_sandbox
    own.network.receipts.forget()
    for space in ("sms.inbox", "sms.taken", "sms.report", "received"):
        own.store.clear(space)
    own.world.faults.cancel()
    return own


@pytest.fixture
def aliyun(sandbox: Sandbox) -> AliyunSmsConfig:
    """Aliyun at its double."""
    keys = sandbox.setup.settings["sms_aliyun"]
    return AliyunSmsConfig(
        access_key_id=keys["access_key_id"],
        access_key_secret=keys["access_key_secret"],
        sign_name=keys["sign_name"],
        template_ids={"sms_code": "SMS_2000001", "settlement_paid": "SMS_2000002"},
        endpoint=f"127.0.0.1:{sandbox.setup.ports['sms_aliyun']}",
        scheme="http",
    )


@pytest.fixture
def mas(sandbox: Sandbox) -> MasSmsConfig:
    """Cloud MAS at its double."""
    keys = sandbox.setup.settings["sms_mas"]
    return MasSmsConfig(
        base_url=f"http://127.0.0.1:{sandbox.setup.ports['sms_mas']}",
        ec_name=keys["ec_name"],
        ap_id=keys["ap_id"],
        secret_key=keys["secret_key"],
        sign=keys["sign"],
        template_ids={"sms_code": f"{2000001:032d}", "settlement_paid": f"{2000002:032d}"},
    )

"""Fixtures of the contract tests: the sandbox's servers on free ports, with people of these tests only."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sandbox.assembly import Sandbox
from sandbox.trial import members_file, running, trial_setup
from services.core.clock import SystemClock

LI = {
    "key": "li",
    "name": "李安",
    "id_no": "659999199003070014",
    "phone": "13800000031",
    "portrait": "",
    "marital_status": "20",
    "spouse": "wang",
    "houses": [
        {
            "certificate_no": "湘(2019)株洲市不动产权第0000001号",
            "address": "天元区某某路1号",
            "city_code": "430200",
            "share_percent": 100,
            "acquired_on": "2019-05-06",
        }
    ],
    "cards": [
        {
            "bank_code": "105000",
            "bank_name": "建设银行",
            "card_no": "6217000000000000012",
            "class": "1",
            "status": "normal",
        },
        {
            "bank_code": "102000",
            "bank_name": "工商银行",
            "card_no": "6217000000000000020",
            "class": "2",
            "status": "normal",
        },
        {
            "bank_code": "102000",
            "bank_name": "工商银行",
            "card_no": "6217000000000000038",
            "class": "1",
            "status": "frozen",
        },
    ],
}
WANG = {"key": "wang", "name": "王宁", "id_no": "659999199104080029", "phone": "13800000032"}


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """The sandbox with Li and Wang in it."""
    people = members_file(tmp_path / "members.toml", LI, WANG)
    with running(trial_setup(tmp_path / "state", members=people)) as running_sandbox:
        yield running_sandbox


@pytest.fixture
def clock() -> SystemClock:
    """The machine's clock, as the sandbox has it."""
    return SystemClock()


@pytest.fixture
def now() -> datetime:
    """The present instant."""
    return datetime.now(UTC)

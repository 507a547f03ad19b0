"""The command of the centre, and the sandbox's file."""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path

import pytest

from runtime.cli.contributions import add_arguments, run_contributions
from sandbox.remittance_file import written
from services.core.db import transaction
from services.staff.service import known_staff
from tests.support.domain.desk import PASSWORD, Colleague
from tests.support.domain.fixtures import anna, boris, desk
from tests.support.domain.remittances import Unit
from tests.support.domain.world import World

__all__ = ["anna", "boris", "desk"]


class Command:
    """`contributions` over the world's product."""

    def __init__(
        self, world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr("runtime.cli.contributions.build", lambda _settings: world.product)
        self.world, self.monkeypatch, self.capsys = world, monkeypatch, capsys

    def __call__(self, *words: str, typed: str = "") -> tuple[int, str, str]:
        """Exit code and what was printed."""
        parser = argparse.ArgumentParser()
        add_arguments("contributions", parser)
        self.monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        self.capsys.readouterr()
        code = run_contributions(self.world.product.settings, parser.parse_args(words))
        return code, *self.capsys.readouterr()


@pytest.fixture
def command(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command."""
    return Command(world, monkeypatch, capsys)


def test_the_sandbox_s_file_is_taken(unit: Unit, command: Command, tmp_path: Path) -> None:
    people = [
        {"account_no": one.account_no, "id_no": one.id_no, "base_fen": 1_000_000, "rate_percent": 10}
        for one in unit.entries
    ]
    path = tmp_path / "file.csv"
    path.write_text(written(people, unit.employer_no, "2026-11"), encoding="gb18030")
    code, out, _ = command("load", str(path))
    told = json.loads(out)
    assert (code, told["state"], told["state_text"]) == (0, "waiting", "核对通过，等到账")
    assert (told["people"], told["total_fen"], told["received_fen"]) == (3, 600_000, 0)
    assert json.loads(command("show", told["batch_no"])[1]) == told
    assert json.loads(command("cancel", told["batch_no"])[1])["state"] == "cancelled"


def test_faults_are_told_with_their_lines(unit: Unit, command: Command, tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text(unit.sheet().replace("10000.00", "1e4", 1), encoding="utf-8")
    code, out, err = command("load", str(path))
    assert (code, out) == (1, "")
    assert err == "第 1 行：金额要写到分，只用数字和小数点，例如 1000.00，并且大于零。\n"
    path.write_text(unit.sheet(month="2026-12"), encoding="utf-8")
    code, out, err = command("load", str(path))
    assert (code, json.loads(out)["state"]) == (1, "refused")
    assert err == "month_future: 汇缴年月还没有到。\n"


def test_an_employer_is_registered_once(command: Command, world: World) -> None:
    words = (
        "add-employer",
        "--no",
        "98777000000001",
        "--name",
        "株洲登记单位",
        "--payer-account-no",
        "430077",
    )
    assert command(*words)[0] == 0
    code, _, err = command(*words)
    assert (code, err.partition(":")[0]) == (1, "remittance.employer_taken")
    code, _, err = command("add-employer", "--no", "98x", "--name", "株洲另一单位")
    assert (code, err.partition(":")[0]) == (1, "remittance.employer")


def test_two_people_prove_who_they_are(
    unit: Unit, command: Command, world: World, anna: Colleague, boris: Colleague
) -> None:
    filed = unit.file()
    unit.pay(600_000, filed.batch_no)
    unit.post(filed.batch_id)
    reason = ("--reason", "单位报错了月份")
    code, _, err = command("reverse", filed.batch_no, "--by", anna.login, *reason, typed="wrong\n000000\n")
    assert (code, err.partition(":")[0]) == (1, "staff.sign_in")
    world.later(minutes=1)
    asked = command("reverse", filed.batch_no, "--by", anna.login, *reason, typed=_proof(world, anna))
    assert (asked[0], json.loads(asked[1])["state"]) == (0, "posted")
    approve = ("approve-reversal", filed.batch_no, "--by", boris.login)
    approved = command(*approve, typed=_proof(world, boris) + "yes\n")
    assert approved[2].startswith(
        f"事项：整批错缴更正，2026-11，3 人\n单位：{unit.name}（{unit.employer_no}）\n"
    )
    assert f"批次：{filed.batch_no}\n金额：6,000.00 元\n" in approved[2]
    assert (approved[0], json.loads(approved[1])["state"]) == (0, "reversing")
    assert unit.post(filed.batch_id) == "reversed"
    with transaction(world.sessions) as session:
        assert known_staff(session, anna.login).failures == 0


def _proof(world: World, colleague: Colleague) -> str:
    return f"{PASSWORD}\n{colleague.code()}\n"

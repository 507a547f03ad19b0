"""Background processes stand behind the web server, as Linux sees it."""

import subprocess
import sys
from pathlib import Path

import pytest

from config.settings import ROOT
from runtime import bank_link, worker
from runtime.giving_way import BY

LOOK = (
    "import os; from pathlib import Path; from runtime.giving_way import give_way; before = os.nice(0); give_way();"
    "print(os.nice(0) - before, Path('/proc/self/autogroup').read_text().split()[-1])"
)


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="this kernel has no autogroups")
def test_process_and_session_give_way() -> None:
    """In a session of its own, as the supervisor starts it."""
    done = subprocess.run(
        [sys.executable, "-c", LOOK],
        cwd=ROOT,
        start_new_session=True,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [str(BY), str(BY)]


@pytest.mark.parametrize("program", [worker, bank_link])
def test_background_programs_do_so_before_anything_else(
    program: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Asked(Exception):
        """It was asked to give way."""

    def asked() -> None:
        raise Asked

    monkeypatch.setattr(program, "give_way", asked)
    monkeypatch.setattr(sys, "argv", ["program", "--queues", "default"])
    with pytest.raises(Asked):
        program.main()  # type: ignore[attr-defined]

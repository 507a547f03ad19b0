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
    "group = Path('/proc/self/autogroup');"
    "print(os.nice(0) - before, group.read_text().split()[-1] if group.exists() else 'none')"
)
AUTOGROUPS = Path("/proc/self/autogroup").exists()


def test_process_and_session_give_way() -> None:
    """In a session of its own, as the supervisor starts it; where the kernel has no autogroups, nice is all there is."""
    done = subprocess.run(
        [sys.executable, "-c", LOOK],
        cwd=ROOT,
        start_new_session=True,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [str(BY), str(BY) if AUTOGROUPS else "none"]


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

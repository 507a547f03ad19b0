"""守护: what is killed comes back, what is stopped stays down, and nothing outlives its supervisor."""

import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from runtime.embedded_pg import plain
from runtime.processes import rotate
from runtime.supervisor import Ports, StartFailed, System
from runtime.supervisor.children import Child, python
from runtime.supervisor.keeper import Keeper

ROOT = Path(__file__).resolve().parents[3]
_IDLE = "import time; print('up', flush=True); time.sleep(600)"


def _serve(port: int) -> Child:
    return Child(
        "web", python("-m", "http.server", "--bind", "127.0.0.1", str(port)), f"http://127.0.0.1:{port}/"
    )


def _eventually(holds: Callable[[], bool], within_s: float = 15.0) -> None:
    give_up = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.05)


def _gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.fixture
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="anju-sup-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@pytest.fixture
def system(home: Path) -> Iterator[System]:
    ports = Ports.free()
    children = (_serve(ports.web), Child("worker", python("-c", _IDLE)))
    system = System(home, ports, children=children, preparations=(), durable=False)
    system.start()
    yield system
    system.stop()


def test_a_killed_process_and_a_killed_database_come_back(system: System) -> None:
    for name in ("worker", "web", "postgres"):
        before = system.pid(name)
        system.kill_and_heal(name)
        assert system.pid(name) not in (None, before)
    with psycopg.connect(plain(system.urls.app)) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_stopping_leaves_nothing_behind(system: System) -> None:
    pids = [pid for pid in system.pids().values() if pid is not None]
    assert len(pids) == 3
    system.stop()
    assert all(_gone(pid) for pid in pids)


def test_children_learn_where_everything_is(system: System) -> None:
    file = system.home / "secrets" / "environment.json"
    told = json.loads(file.read_text())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert told["DATABASE_URL"] == system.urls.app
    assert told["ANJU_WECHAT_API_BASE_URL"] == f"http://127.0.0.1:{system.ports.wechat}"
    assert told["ANJU_BDC_NOTICE_PORT"] == str(system.ports.settlement_notice)


def test_a_child_that_keeps_dying_is_reported_with_its_last_words(home: Path) -> None:
    child = Child("broken", python("-c", "raise SystemExit('no such setting')"), "http://127.0.0.1:9/")
    system = System(home, Ports.free(), children=(child,), preparations=(), durable=False)
    with pytest.raises(StartFailed, match="no such setting"):
        system.start()
    assert system.pid("postgres") is None


def test_a_failing_preparation_stops_the_start(home: Path) -> None:
    system = System(home, Ports.free(), children=(), preparations=(("no-such-command",),), durable=False)
    with pytest.raises(StartFailed, match="no-such-command failed"):
        system.start()


def test_the_pause_between_starts_grows(home: Path) -> None:
    keeper = Keeper(Child("dying", python("-c", "")), home, {})
    keeper.start()
    started = time.monotonic()
    while keeper.deaths < 3:
        keeper.tend()
        time.sleep(0.01)
    assert time.monotonic() - started >= 0.2 + 0.4


def test_kill_of_the_supervisor_takes_everything_with_it(home: Path) -> None:
    script = f"""
        import json, time
        from pathlib import Path
        from runtime.supervisor import Ports, System
        from runtime.supervisor.children import Child, python
        system = System(Path({str(home)!r}), Ports.free(), preparations=(), durable=False,
                        children=(Child("worker", python("-c", {_IDLE!r})),))
        system.start()
        print(json.dumps(system.pids()), flush=True)
        time.sleep(600)
    """
    supervisor = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        env=dict(os.environ),
    )
    assert supervisor.stdout is not None
    pids = json.loads(supervisor.stdout.readline())
    supervisor.send_signal(signal.SIGKILL)
    supervisor.wait()
    supervisor.stdout.close()
    _eventually(lambda: all(_gone(pid) for pid in pids.values()))


def test_a_grown_log_is_moved_aside_and_its_writer_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    with path.open("ab", buffering=0) as writer:
        writer.write(b"x" * 100)
        rotate(path, max_bytes=100)
        writer.write(b"next")
    assert path.read_bytes() == b"next"
    assert (tmp_path / "a.log.1").read_bytes() == b"x" * 100


def test_free_ports_differ() -> None:
    ports = Ports.free()
    numbers = {getattr(ports, name) for name in Ports.__slots__}
    assert len(numbers) == len(Ports.__slots__)


def test_ports_move_together() -> None:
    assert Ports.based_at(9600).phone == 9610
    assert Ports.standard().web == 8600


def test_it_does_not_run_in_production(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "runtime.supervisor", "serve", "--home", str(home)],
        cwd=ROOT,
        env={**os.environ, "ANJU_ENV": "production"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "production" in done.stderr

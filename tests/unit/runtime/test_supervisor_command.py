"""`supervisor run --home DIR -m module` hands everything after its own options to Python."""

from __future__ import annotations

import pytest

from runtime.supervisor.__main__ import _parse


def test_run_takes_python_s_own_options():
    given = _parse(["run", "--home", "var", "-m", "runtime.cli", "wechat-menu", "diff"])
    assert (given.command, str(given.home)) == ("run", "var")
    assert given.args == ["-m", "runtime.cli", "wechat-menu", "diff"]


def test_serve_refuses_what_it_does_not_know():
    with pytest.raises(SystemExit):
        _parse(["serve", "--turbo"])

"""A product process with crash points laid: `python -m bench.faults.mined gunicorn …` runs the module as ever."""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path

from bench.faults import points


def main() -> None:
    """Lay the points, then become the module that was named."""
    points.lay(Path(os.environ[points.FOLDER]))
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()

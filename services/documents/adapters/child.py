"""Drawing pictures in a process of their own 独立进程: a crash or a hang of a decoder refuses the picture, no more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from threading import BoundedSemaphore

from services.documents.adapters.redraw_process import HEAD
from services.documents.errors import FAULTS, Busy, PictureRefused
from services.documents.pictures import MOST_BYTES
from services.documents.ports import CleanPicture

ROOT = Path(__file__).resolve().parents[3]
TIMEOUT_S = 15.0
AT_A_TIME = 2
WAIT_S = 5.0


class ConfinedCleaner:
    """One short-lived child a picture, a few at a time; implements PictureCleaner."""

    def __init__(self, *, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._room = BoundedSemaphore(AT_A_TIME)

    def clean(self, data: bytes) -> CleanPicture:
        """The picture drawn anew; raises PictureRefused, or Busy when there is no room for it."""
        if len(data) > MOST_BYTES:
            raise PictureRefused("image.too_large")
        if not self._room.acquire(timeout=WAIT_S):
            raise Busy
        try:
            return _read(self._run(data))
        finally:
            self._room.release()

    def _run(self, data: bytes) -> bytes:
        try:
            done = subprocess.run(
                [sys.executable, "-m", "services.documents.adapters.redraw_process"],
                input=data,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=ROOT,
                env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
                timeout=self._timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise PictureRefused("image.unreadable") from None
        if done.returncode != 0 or len(done.stdout) <= HEAD.size:
            raise PictureRefused("image.unreadable")
        return done.stdout


def _read(answer: bytes) -> CleanPicture:
    width, height = HEAD.unpack_from(answer)
    rest = answer[HEAD.size :]
    if width and height:
        return CleanPicture(rest, width, height)
    code = rest[:40].decode("ascii", "replace")
    raise PictureRefused(code if code in FAULTS else "image.unreadable")

"""What documents need from outside 端口."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class CleanPicture:
    """A JPEG drawn by ourselves: nothing of the sender's file but its pixels."""

    jpeg: bytes
    width: int
    height: int


class PictureCleaner(Protocol):
    """Draws a stranger's picture anew."""

    def clean(self, data: bytes) -> CleanPicture:
        """The picture, upright and within bounds; raises PictureRefused."""
        ...

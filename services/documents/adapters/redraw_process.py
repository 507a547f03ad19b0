"""The drawing child 重绘子进程: one picture in by the input, one answer out by the output, and it ends."""

import os
import struct
import sys

from services.core import confinement
from services.documents.pictures import MOST_BYTES, BadPicture, redraw

MEMORY_BYTES = 768 * 1024**2
PROCESSOR_S = 8
HEAD = struct.Struct(">II")


def main() -> int:
    """Write width, height and the JPEG; or zero, zero and the code of the refusal."""
    source, sink = confinement.quiet_streams()
    confinement.confine(MEMORY_BYTES)
    confinement.allow_processor_seconds(PROCESSOR_S)
    with os.fdopen(source, "rb") as given, os.fdopen(sink, "wb") as out:
        try:
            picture = redraw(given.read(MOST_BYTES + 1))
            out.write(HEAD.pack(picture.width, picture.height) + picture.jpeg)
        except BadPicture as refused:
            out.write(HEAD.pack(0, 0) + refused.code.encode())
        except MemoryError:
            out.write(HEAD.pack(0, 0) + b"image.pixels")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Cut the sandbox portraits from their public-domain sources: `python -m sandbox.portraits.prepare SOURCES`."""

import sys
from pathlib import Path

from PIL import Image

HERE = Path(__file__).resolve().parent
SCENE = (640, 480)
PHOTO = (358, 441)
# portrait: ((source, box of the authority's photo), (source, box of the actor's scene)); boxes are left, top, width.
CUTS = {
    "obama": (("obama.jpg", (240, 20, 500)), ("obama3.jpg", (203, 67, 1138))),
    "biden": (("biden.jpg", (290, 60, 560)), ("biden.jpg", (70, 100, 900))),
    "astronaut": (("astronaut.png", (130, 0, 186)), ("astronaut.png", (62, 14, 328))),
}


def cut(source: Path, box: tuple[int, int, int], size: tuple[int, int], target: Path, quality: int) -> None:
    """One crop of the size's shape, scaled to it."""
    left, top, width = box
    area = (left, top, left + width, top + round(width * size[1] / size[0]))
    with Image.open(source) as picture:
        small = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS, box=area)
    target.parent.mkdir(exist_ok=True)
    small.save(target, "JPEG", quality=quality)


def main(sources: Path) -> None:
    """Write every portrait's reference.jpg and actor.jpg."""
    for name, (photo, scene) in CUTS.items():
        cut(sources / photo[0], photo[1], PHOTO, HERE / name / "reference.jpg", 85)
        cut(sources / scene[0], scene[1], SCENE, HERE / name / "actor.jpg", 90)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

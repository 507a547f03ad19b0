"""Lids and mouth of a portrait 表情: columns of pixels are stretched, so that lids close and the jaw drops."""

import numpy as np

from sandbox.actor.portrait import HEIGHT, Portrait

RIGHT_UPPER, RIGHT_LOWER = (
    (33, 246, 161, 160, 159, 158, 157, 173, 133),
    (33, 7, 163, 144, 145, 153, 154, 155, 133),
)
LEFT_UPPER, LEFT_LOWER = (
    (362, 398, 384, 385, 386, 387, 388, 466, 263),
    (362, 382, 381, 380, 374, 373, 390, 249, 263),
)
LIP_UPPER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LIP_LOWER = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
INSIDE_OF_MOUTH = np.array([52.0, 22.0, 24.0])
LID_CLOSED = 0.97
LASHES = 0.45


def expressed(portrait: Portrait, lid: float, mouth: float) -> np.ndarray:
    """The picture with lids closed by `lid` and the mouth opened by `mouth`, both 0..1."""
    picture = portrait.picture
    if lid > 0.01 or mouth > 0.01:
        picture = picture.copy()
    if mouth > 0.01:
        _open_mouth(picture, portrait, mouth)
    if lid > 0.01:
        for upper, lower in ((RIGHT_UPPER, RIGHT_LOWER), (LEFT_UPPER, LEFT_LOWER)):
            _close_lid(picture, portrait.points, upper, lower, lid)
    return picture


def _line(points: np.ndarray, path: tuple[int, ...], columns: np.ndarray) -> np.ndarray:
    """Height of a line of face points at each column."""
    order = np.argsort(points[list(path), 0])
    line = points[list(path)][order]
    heights: np.ndarray = np.interp(columns, line[:, 0], line[:, 1])
    return heights


def _close_lid(
    picture: np.ndarray, points: np.ndarray, upper: tuple[int, ...], lower: tuple[int, ...], lid: float
) -> None:
    corners = points[[upper[0], upper[-1]], 0]
    columns = np.arange(int(corners.min()), int(corners.max()) + 2)
    width = float(np.ptp(corners))
    top, bottom = _line(points, upper, columns) - 1.0, _line(points, lower, columns) + 1.0
    brow = top - 0.42 * width
    closed = top + lid * LID_CLOSED * (bottom - top)
    knots = np.stack([brow, closed, bottom])
    sources = np.stack([brow, top, bottom])
    _stretch(picture, columns, knots, sources)
    _draw_lashes(picture, columns, closed, lid)


def _draw_lashes(picture: np.ndarray, columns: np.ndarray, line: np.ndarray, lid: float) -> None:
    """The dark edge of a lowered lid."""
    rows = np.arange(int(line.min()) - 2, int(line.max()) + 4)[:, None]
    taper = np.sin(np.linspace(0.15, np.pi - 0.15, len(columns)))
    cover = LASHES * lid * taper * np.exp(-(((rows - line) / 1.1) ** 2))
    area = (slice(int(rows[0, 0]), int(rows[-1, 0]) + 1), slice(int(columns[0]), int(columns[-1]) + 1))
    picture[area] = np.rint(picture[area] * (1 - cover[..., None])).astype(np.uint8)


def _open_mouth(picture: np.ndarray, portrait: Portrait, mouth: float) -> None:
    points = portrait.points
    half = 0.62 * portrait.face_width
    middle = float(points[13, 0])
    columns = np.arange(max(0, int(middle - half)), min(picture.shape[1], int(middle + half)))
    left, right = sorted((float(points[78, 0]), float(points[308, 0])))
    across = np.clip(np.abs(2 * (columns - left) / (right - left) - 1), 0, 1)
    drop = 0.21 * portrait.face_width * mouth
    jaw = drop * np.cos(np.clip((columns - middle) / half, -1, 1) * np.pi / 2) ** 2
    slit = drop * np.sqrt(1 - across**2)
    upper = _line(points, LIP_UPPER, columns)
    lower = np.maximum(_line(points, LIP_LOWER, columns), upper + 0.01)
    nose = np.full(len(columns), float(points[2, 1]))
    chin = np.full(len(columns), float(points[152, 1]))
    end = np.minimum(chin + 0.75 * portrait.face_width, HEIGHT - 1.0)
    raised = upper - 0.08 * slit
    # Teeth that show in the portrait stay under the upper lip; the dark opens below them.
    knots = np.stack([nose, raised, lower - 0.08 * slit, lower + slit, chin + jaw, end])
    sources = np.stack([nose, upper, lower, lower, chin, end])
    _stretch(picture, columns, knots, sources)
    _darken(picture, columns, lower - 0.08 * slit, lower + slit, np.clip(slit / 6, 0, 1))


def _stretch(picture: np.ndarray, columns: np.ndarray, knots: np.ndarray, sources: np.ndarray) -> None:
    """Move each column so that its pixels at `sources` come to lie at `knots`."""
    rows = np.arange(int(knots[0].min()), min(int(knots[-1].max()) + 1, picture.shape[0]))
    heights = np.broadcast_to(rows[:, None].astype(float), (len(rows), len(columns)))
    wanted = heights.copy()
    for upper, lower, source_up, source_low in zip(knots, knots[1:], sources, sources[1:], strict=False):
        span = np.maximum(lower - upper, 1e-6)
        part = (heights - upper) / span
        wanted = np.where((part >= 0) & (part < 1), source_up + part * (source_low - source_up), wanted)
    wanted = np.clip(wanted, 0, picture.shape[0] - 1.001)
    whole = wanted.astype(int)
    rest = (wanted - whole)[..., None]
    source = picture[:, columns].astype(np.float32)
    index = np.arange(len(columns))[None]
    moved = source[whole, index] * (1 - rest) + source[whole + 1, index] * rest
    picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = np.rint(moved).astype(np.uint8)


def _darken(
    picture: np.ndarray, columns: np.ndarray, top: np.ndarray, bottom: np.ndarray, depth: np.ndarray
) -> None:
    """The inside of the open mouth."""
    rows = np.arange(int(top.min()), int(bottom.max()) + 2)[:, None]
    cover = np.clip(rows - top, 0, 1) * np.clip(bottom - rows, 0, 1) * depth
    area = (slice(int(rows[0, 0]), int(rows[-1, 0]) + 1), slice(int(columns[0]), int(columns[-1]) + 1))
    mixed = picture[area] * (1 - cover[..., None]) + INSIDE_OF_MOUTH * cover[..., None]
    picture[area] = np.rint(mixed).astype(np.uint8)

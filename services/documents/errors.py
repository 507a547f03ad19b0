"""Why a picture is not taken 图片不合格; each says what to do instead."""

from __future__ import annotations

from services.core.errors import Conflict, DomainError, Unavailable

_FAULTS = {
    "image.empty": (400, "图片是空的，请重新选一张。"),
    "image.too_large": (413, "图片太大了，请选 8 MB 以内的。"),
    "image.pixels": (413, "图片尺寸太大了，请用手机普通模式重新拍一张。"),
    "image.type": (415, "只能上传 JPG 或 PNG 图片，请截图或重新拍一张。"),
    "image.dimensions": (422, "图片太小或太窄，看不清内容，请重新拍一张。"),
    "image.unreadable": (422, "图片不完整或打不开，请重新拍一张。"),
}
FAULTS = tuple(_FAULTS)


class PictureRefused(DomainError):
    """The file is no picture we take."""

    title = "图片没有收下"

    def __init__(self, code: str) -> None:
        self.status, detail = _FAULTS[code]
        super().__init__(detail, code=code, field="file")


class TooManyPictures(Conflict):
    """The case has as many pictures as it may."""

    code, title, detail = "documents.too_many", "图片够多了", "一笔业务最多 9 张图片，请先删掉不用的。"


class NotTakenNow(Conflict):
    """The case is not in a state in which pictures help."""

    code, title, detail = "documents.not_now", "现在不用交材料", "这笔业务现在不用上传材料。"


class SeenAlready(Conflict):
    """Staff have looked at it: it belongs to what the decision rests on."""

    code, title, detail = (
        "documents.seen",
        "不能删了",
        "工作人员已经看过这张图片，不能再删。可以再传一张新的。",
    )


class Busy(Unavailable):
    """Too many pictures at a time, or the drawing process gave up."""

    detail = "现在上传的人有点多，图片没有收下，请过一会儿再试。"

"""Annual statement as a file 对账单 PDF: one A4 page, month by month, for the member's own keeping."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from io import BytesIO

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from services.certificates.pen import HEIGHT, LEFT, ONE_AT_A_TIME, RIGHT, WIDTH, Pen
from services.contributions.statements import Statement
from services.core.clock import SHANGHAI
from services.core.money import yuan_text

_TILE, _INK, _QUIET, _LINE = (0.043, 0.431, 0.412), (0.09, 0.13, 0.12), (0.29, 0.34, 0.33), (0.82, 0.86, 0.85)
_COLUMNS = ("月份", "缴存", "结息", "提取", "还贷款", "其他", "月末余额")
_END = "这份对账单由本人自助打印，供自己核对，不能当证明用。要给别人看的，请在“我要证明”里开缴存证明。"


def draw_statement(found: Statement, name: str, account_no: str, centre: str, made_at: datetime) -> bytes:
    """The statement as PDF bytes; name and account number come masked."""
    made = _day(made_at.astimezone(SHANGHAI).date())
    head = f"{name}　账号 {account_no}　{found.employer}"
    span = f"{_day(found.from_on)}至{_day(found.to_on)}" + ("" if found.complete else "（年度没有结束）")
    title, foot = f"{found.year}年度住房公积金对账单", f"{centre}　{made}打印"
    rows = _rows(found)
    text = "".join((title, head, span, foot, _END, *_COLUMNS, *(cell for row in rows for cell in row)))
    with ONE_AT_A_TIME:
        target = BytesIO()
        canvas = Canvas(target, pagesize=A4, invariant=True)
        canvas.setTitle(title)
        canvas.setAuthor(centre)
        pen = Pen(canvas, text + "年月日0123456789")
        canvas.setFillColorRGB(*_TILE)
        canvas.rect(0, HEIGHT - 14, WIDTH, 14, stroke=0, fill=1)
        canvas.setFillColorRGB(*_INK)
        pen.centred(HEIGHT - 80, title, 20)
        canvas.setFillColorRGB(*_QUIET)
        pen.centred(HEIGHT - 104, span, 10)
        y = pen.paragraph(HEIGHT - 136, head, 10, 16)
        y = _table(canvas, pen, rows, y - 14)
        canvas.setFillColorRGB(*_QUIET)
        y = pen.paragraph(y - 20, _END, 9, 15)
        pen.write(LEFT, y - 8, foot, 9)
        canvas.save()
    return target.getvalue()


def _rows(found: Statement) -> list[tuple[str, ...]]:
    """Opening, every month, and the sums: text by column."""
    months = [
        (
            f"{one.month:%Y-%m}",
            *(
                _money(fen)
                for fen in (
                    one.contributed_fen,
                    one.interest_fen,
                    one.withdrawn_fen,
                    one.loan_fen,
                    one.other_fen,
                )
            ),
            yuan_text(one.closing_fen),
        )
        for one in found.months
    ]
    sums = (found.contributed_fen, found.interest_fen, found.withdrawn_fen, found.loan_fen, found.other_fen)
    opening = ("上年结转", "", "", "", "", "", yuan_text(found.opening_fen))
    return [opening, *months, ("合计", *(_money(fen) for fen in sums), yuan_text(found.closing_fen))]


def _money(fen: int) -> str:
    return yuan_text(fen) if fen > 0 else f"-{yuan_text(-fen)}" if fen else ""


def _table(canvas: Canvas, pen: Pen, rows: Sequence[tuple[str, ...]], y: float) -> float:
    canvas.setStrokeColorRGB(*_LINE)
    canvas.setFillColorRGB(*_QUIET)
    _row(pen, _COLUMNS, y)
    canvas.setFillColorRGB(*_INK)
    for row in rows:
        canvas.line(LEFT, y - 8, RIGHT, y - 8)
        y -= 24
        _row(pen, row, y)
    canvas.line(LEFT, y - 8, RIGHT, y - 8)
    return y - 16


def _row(pen: Pen, cells: Sequence[str], y: float) -> None:
    """The first cell from the left, the others flush right in columns of one width."""
    pen.write(LEFT, y, cells[0], 9)
    width = (RIGHT - LEFT - 58) / (len(cells) - 1)
    for place, cell in enumerate(cells[1:], 1):
        if cell:
            pen.write(LEFT + 58 + place * width - pen.width(cell, 9), y, cell, 9)


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"

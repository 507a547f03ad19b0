/** Voucher 凭证: a receipt as a picture, which a phone can keep and WeChat can send on. */

export interface VoucherText {
  title: string
  figure: string
  outcome: string
  rows: [string, string][]
  foot: string
}

const WIDTH = 750
const EDGE = 56
const ROW = 64
const FONT = '-apple-system, "PingFang SC", "HarmonyOS Sans SC", "Noto Sans CJK SC", system-ui, sans-serif'

/** Height that the rows need. */
export const voucherHeight = (text: VoucherText) => 470 + text.rows.length * ROW

/** Draw on a white ground whatever the theme: it is a paper. */
export function drawVoucher(canvas: HTMLCanvasElement, text: VoucherText): string {
  canvas.width = WIDTH
  canvas.height = voucherHeight(text)
  const pen = canvas.getContext('2d')!
  pen.fillStyle = '#FFFFFF'
  pen.fillRect(0, 0, canvas.width, canvas.height)
  pen.fillStyle = '#0B6E69'
  pen.fillRect(0, 0, WIDTH, 16)
  centred(pen, text.title, 96, 32, '#4A5754')
  centred(pen, text.figure, 190, 72, '#16211F', 600)
  centred(pen, text.outcome, 256, 36, '#1B7A4B', 600)
  rule(pen, 306)
  text.rows.forEach(([label, value], index) => row(pen, label, value, 366 + index * ROW))
  rule(pen, canvas.height - 104)
  centred(pen, text.foot, canvas.height - 50, 24, '#4A5754')
  return canvas.toDataURL('image/png')
}

function centred(pen: CanvasRenderingContext2D, text: string, y: number, size: number, colour: string, weight = 400) {
  pen.font = `${weight} ${size}px ${FONT}`
  pen.fillStyle = colour
  pen.textAlign = 'center'
  pen.fillText(text, WIDTH / 2, y, WIDTH - 2 * EDGE)
}

function row(pen: CanvasRenderingContext2D, label: string, value: string, y: number) {
  pen.font = `400 28px ${FONT}`
  pen.textAlign = 'left'
  pen.fillStyle = '#4A5754'
  pen.fillText(label, EDGE, y)
  pen.textAlign = 'right'
  pen.fillStyle = '#16211F'
  pen.fillText(value, WIDTH - EDGE, y, WIDTH - 2 * EDGE - 160)
}

function rule(pen: CanvasRenderingContext2D, y: number) {
  pen.fillStyle = '#DDE4E2'
  pen.fillRect(EDGE, y, WIDTH - 2 * EDGE, 2)
}

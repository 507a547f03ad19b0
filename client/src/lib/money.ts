/** Money 金额: integer fen, parsed from what a member types, shown and spelt. */

const YUAN = /^(0|[1-9][0-9]{0,9})(\.[0-9]{1,2})?$/
const DIGITS = '零壹贰叁肆伍陆柒捌玖'
const UNITS = ['', '拾', '佰', '仟']
const GROUPS = ['', '万', '亿']

/** Fen of a typed yuan text such as "3000" or "0.5"; null when it is anything else. */
export function parseYuan(text: string): number | null {
  const match = YUAN.exec(text)
  if (!match) return null
  const cents = (match[2] ?? '').slice(1).padEnd(2, '0')
  return Number(match[1]) * 100 + Number(cents)
}

/** Parts of an amount for display: sign, whole yuan with separators, two digits of fen. */
export function yuanParts(fen: number): { sign: string; whole: string; cents: string } {
  const size = Math.abs(fen)
  const whole = String(Math.floor(size / 100)).replace(/\B(?=(\d{3})+$)/g, ',')
  return { sign: fen < 0 ? '-' : '', whole, cents: String(size % 100).padStart(2, '0') }
}

/** "12,345.67". */
export function yuanText(fen: number): string {
  const { sign, whole, cents } = yuanParts(fen)
  return `${sign}${whole}.${cents}`
}

/** What stands in the amount field for a number of fen: "18000" or "18000.50". */
export function yuanPlain(fen: number): string {
  return yuanText(fen).replace(/,/g, '').replace(/\.00$/, '')
}

/** Amount in words 大写金额: 300000 → "叁仟元整", 10023 → "壹佰元贰角叁分". */
export function yuanWords(fen: number): string {
  const yuan = Math.floor(fen / 100)
  const jiao = Math.floor(fen / 10) % 10
  const cents = fen % 10
  const head = yuan ? `${integerWords(yuan)}元` : ''
  if (!jiao && !cents) return `${head || '零元'}整`
  const middle = jiao ? `${DIGITS[jiao]}角` : head ? '零' : ''
  return head + middle + (cents ? `${DIGITS[cents]}分` : '整')
}

function integerWords(value: number): string {
  let words = ''
  let pendingZero = false
  for (let power = String(value).length - 1; power >= 0; power--) {
    const digit = Math.floor(value / 10 ** power) % 10
    if (digit) {
      words += (pendingZero ? '零' : '') + DIGITS[digit] + UNITS[power % 4]
      pendingZero = false
    } else if (words) {
      pendingZero = true
    }
    if (power % 4 === 0 && Math.floor(value / 10 ** power) % 10000) words += GROUPS[power / 4]
  }
  return words
}

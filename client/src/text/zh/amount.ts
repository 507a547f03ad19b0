/** Amount in words 大写金额: 300000 → "叁仟元整", 10023 → "壹佰元贰角叁分". */

const DIGITS = '零壹贰叁肆伍陆柒捌玖'
const UNITS = ['', '拾', '佰', '仟']
const GROUPS = ['', '万', '亿']

export function chineseWords(fen: number): string {
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

/** Trials 试算: what is typed into the calculator, and what is wrong with it. */

import { parseYuan, yuanText } from './money'

const YEARS = /^[1-9][0-9]?$/

/** Months of a typed number of years ("20"); null when it is anything else. */
export function monthsOf(text: string): number | null {
  const years = text.normalize('NFKC').trim()
  return YEARS.test(years) ? Number(years) * 12 : null
}

export function yearsFault(text: string, maxMonths: number): string | null {
  const months = monthsOf(text)
  if (!text.trim()) return '请填贷几年。'
  if (months === null) return '年数写整数，比如 20。'
  return months > maxMonths ? `公积金贷款最长 ${maxMonths / 12} 年。` : null
}

/** Fen of a typed sum; commas and spaces that people put in are left out. */
export const sumOf = (text: string) => parseYuan(text.normalize('NFKC').replace(/[,，\s]/g, ''))

export function sumFault(text: string, mostFen: number | null, what: string): string | null {
  if (!text.trim()) return `请填${what}。`
  const fen = sumOf(text)
  if (fen === null || fen === 0) return '金额只写数字，比如 600000。'
  return mostFen !== null && fen > mostFen ? `最多 ${yuanText(mostFen)} 元，请改小一点。` : null
}

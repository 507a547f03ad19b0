/** Trials 试算: what is typed into the calculator, and what is wrong with it. */

import { parseYuan, yuanText } from './money'
import { t } from '@/text'

const YEARS = /^[1-9][0-9]?$/

/** Months of a typed number of years ("20"); null when it is anything else. */
export function monthsOf(text: string): number | null {
  const years = text.normalize('NFKC').trim()
  return YEARS.test(years) ? Number(years) * 12 : null
}

export function yearsFault(text: string, maxMonths: number): string | null {
  const months = monthsOf(text)
  if (!text.trim()) return t.trial.yearsMissing
  if (months === null) return t.trial.yearsWhole
  return months > maxMonths ? t.trial.yearsMost(maxMonths / 12) : null
}

/** Fen of a typed sum; commas and spaces that people put in are left out. */
export const sumOf = (text: string) => parseYuan(text.normalize('NFKC').replace(/[,\s]/g, ''))

export function sumFault(text: string, mostFen: number | null, what: string): string | null {
  if (!text.trim()) return t.trial.fill(what)
  const fen = sumOf(text)
  if (fen === null || fen === 0) return t.trial.digits
  return mostFen !== null && fen > mostFen ? t.trial.most(yuanText(mostFen)) : null
}

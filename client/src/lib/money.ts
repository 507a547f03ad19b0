/** Money 金额: integer fen, parsed from what a member types, shown and spelt. */

import { t } from '@/text'

const YUAN = /^(0|[1-9][0-9]{0,9})(\.[0-9]{1,2})?$/

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

/** Amount in words, in the language on the screen: "叁仟元整". */
export const yuanWords = (fen: number) => t.yuan.words(fen)

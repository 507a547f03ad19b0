/** Dates 日期: instants and days as members read them, always in Shanghai time. */

const SHANGHAI_OFFSET_MS = 8 * 3600 * 1000

function shanghai(iso: string): Date | null {
  const ms = Date.parse(iso)
  return Number.isNaN(ms) ? null : new Date(ms + SHANGHAI_OFFSET_MS)
}

const two = (value: number) => String(value).padStart(2, '0')

/** "2026年11月22日" of a day ("2026-11-22"), a month ("2026-11" → "2026年11月") or an instant. */
export function dayText(value: string | null | undefined): string {
  if (!value) return ''
  const plain = /^(\d{4})-(\d{2})(?:-(\d{2}))?$/.exec(value)
  if (plain) return `${plain[1]}年${Number(plain[2])}月${plain[3] ? `${Number(plain[3])}日` : ''}`
  const at = shanghai(value)
  return at ? `${at.getUTCFullYear()}年${at.getUTCMonth() + 1}月${at.getUTCDate()}日` : value
}

/** "14:05" of an instant, "14:05:10" with seconds. */
export function timeText(value: string | null | undefined, seconds = false): string {
  const at = value ? shanghai(value) : null
  if (!at) return ''
  const short = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`
  return seconds ? `${short}:${two(at.getUTCSeconds())}` : short
}

/** "2026年11月22日 14:05". */
export function momentText(value: string | null | undefined): string {
  return [dayText(value), timeText(value)].filter(Boolean).join(' ')
}

/** "11月23日 14:05" of an instant to come; the year goes without saying. */
export function laterText(value: string): string {
  return momentText(value).replace(/^\d{4}年/, '')
}

/** "11月22日" of a day. */
export function shortDay(value: string): string {
  return dayText(value).replace(/^\d{4}年/, '')
}

/** "2026.5.1" of a day, where a table has little room. */
export const shortDate = (day: string) => day.split('-').map(Number).join('.')

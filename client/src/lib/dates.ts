/** Dates 日期: instants and days as members read them, always in Shanghai time. */

import { t } from '@/text'

const SHANGHAI_OFFSET_MS = 8 * 3600 * 1000

function shanghai(iso: string): Date | null {
  const ms = Date.parse(iso)
  return Number.isNaN(ms) ? null : new Date(ms + SHANGHAI_OFFSET_MS)
}

const two = (value: number) => String(value).padStart(2, '0')

interface Day {
  year: number
  month: number
  /** Null for a whole month. */
  day: number | null
}

/** The day of a day ("2026-11-22"), a month ("2026-11") or an instant. */
function dayOf(value: string): Day | null {
  const plain = /^(\d{4})-(\d{2})(?:-(\d{2}))?$/.exec(value)
  if (plain) return { year: Number(plain[1]), month: Number(plain[2]), day: plain[3] ? Number(plain[3]) : null }
  const at = shanghai(value)
  return at && { year: at.getUTCFullYear(), month: at.getUTCMonth() + 1, day: at.getUTCDate() }
}

/** "2026年11月22日" of a day ("2026-11-22"), a month ("2026-11" → "2026年11月") or an instant. */
export function dayText(value: string | null | undefined): string {
  if (!value) return ''
  const found = dayOf(value)
  return found ? t.dates.day(found.year, found.month, found.day) : value
}

/** 2026 of today in Shanghai, or of what is given. */
export const yearOf = (value = new Date().toISOString()) => dayOf(value)?.year ?? 0

/** "14:05" of an instant, "14:05:10" with seconds. */
export function timeText(value: string | null | undefined, seconds = false): string {
  const at = value ? shanghai(value) : null
  if (!at) return ''
  const short = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`
  return seconds ? `${short}:${two(at.getUTCSeconds())}` : short
}

const joined = (day: string, time: string) => (day && time ? t.dates.moment(day, time) : day || time)

/** "2026年11月22日 14:05". */
export function momentText(value: string | null | undefined, seconds = false): string {
  return joined(dayText(value), timeText(value, seconds))
}

/** "11月23日 14:05" of an instant to come; the year goes without saying. */
export const laterText = (value: string) => joined(shortDay(value), timeText(value))

/** "11月22日" of a day. */
export function shortDay(value: string): string {
  const found = dayOf(value)
  return found?.day ? t.dates.short(found.month, found.day) : dayText(value)
}

/** "2026.5.1" of a day, where a table has little room. */
export const shortDate = (day: string) => day.split('-').map(Number).join('.')

import { expect, it } from 'vitest'
import { dayText, momentText, shortDay, timeText } from '@/lib/dates'

it('reads days, months and instants in Shanghai', () => {
  expect(dayText('2026-12-01')).toBe('2026年12月1日')
  expect(dayText('2026-10')).toBe('2026年10月')
  expect(dayText('2026-11-21T16:30:00Z')).toBe('2026年11月22日')
  expect(timeText('2026-11-22T14:05:10+08:00')).toBe('14:05')
  expect(timeText('2026-11-22T14:05:10+08:00', true)).toBe('14:05:10')
  expect(momentText('2026-11-22T14:05:10+08:00')).toBe('2026年11月22日 14:05')
  expect(shortDay('2026-11-05')).toBe('11月5日')
})

it('is empty for nothing and leaves alone what it cannot read', () => {
  expect(momentText(null)).toBe('')
  expect(dayText('昨天')).toBe('昨天')
})

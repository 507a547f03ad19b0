/** Navigation 导航: from page to page by name. */

import { meantSoFar, SAME_TAP_MS } from '@/lib/taps'

export type Page =
  | 'home' | 'bind' | 'item' | 'check' | 'consent' | 'face' | 'code' | 'receipt' | 'applications' | 'postings'
  | 'notices' | 'subscriptions' | 'cards' | 'loan' | 'calculator' | 'statement' | 'certificates' | 'consents' | 'datalog' | 'trouble'
  | 'controls' | 'relatives' | 'helped' | 'points' | 'settings'

type How = 'forward' | 'replace' | 'restart'

export function pathOf(page: Page, query: Record<string, string> = {}): string {
  const text = Object.entries(query)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&')
  return `/pages/${page}/${page}${text ? `?${text}` : ''}`
}

let last = { url: '', atMs: 0, meant: 0 }

/** The second tap of a double one asks for the same page once more; after typing, or another button, it is meant. */
function asked(url: string): boolean {
  const before = last
  last = { url, atMs: Date.now(), meant: meantSoFar() }
  return before.url === url && before.meant === last.meant && last.atMs - before.atMs < SAME_TAP_MS
}

/** Open a page: forward keeps the way back, replace does not, restart forgets all and may be asked for as often as need be. */
export function go(page: Page, query: Record<string, string> = {}, how: How = 'forward'): void {
  const url = pathOf(page, query)
  if (asked(url) && how !== 'restart') return
  if (how === 'forward') uni.navigateTo({ url })
  else if (how === 'replace') uni.redirectTo({ url })
  else uni.reLaunch({ url })
}

export function back(): void {
  if (getCurrentPages().length > 1) uni.navigateBack({})
  else go('home', {}, 'restart')
}

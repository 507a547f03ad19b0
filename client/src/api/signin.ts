/** Sign-in 登录: WeChat tells us who opened the page; tried again at most three times in a minute. */

import { go } from '@/lib/nav'
// #ifdef H5
import { forgetEarly } from './early'
// #endif
// #ifdef MP-WEIXIN
import { enter } from './mini-login'
// #endif

const PLACE = 'anju.signins'
const WINDOW_MS = 60_000
const MOST = 3
// #ifdef H5
const SOON_MS = 50
const RETURN = 'anju.return'
const RETURN_MS = 10 * 60_000
// #endif

/** What was asked stays unanswered: the page is on its way out. */
const NEVER = new Promise<never>(() => undefined)

let leaving = false

function tooOften(): boolean {
  const recent = ((uni.getStorageSync(PLACE) || []) as number[]).filter((at) => Date.now() - at < WINDOW_MS)
  if (recent.length >= MOST) return true
  uni.setStorageSync(PLACE, [...recent, Date.now()])
  return false
}

/** The session is over. The page leaves for WeChat's sign-in and comes back to where it was (`comeBack`); the mini-program
 * signs in silently, asks again what was asked, and nobody notices. */
export async function signInAgain<T>(ask: () => Promise<T>): Promise<T> {
  // #ifdef MP-WEIXIN
  if (!tooOften()) {
    await enter()
    return ask()
  }
  // #endif
  if (leaving) return NEVER
  // #ifdef H5
  if (!tooOften()) {
    leaving = true
    sessionStorage.setItem(RETURN, JSON.stringify({ hash: window.location.hash, atMs: Date.now() }))
    window.location.replace('/api/v1/auth/wechat/start?page=home')
    return NEVER
  }
  // #endif
  go('trouble', {}, 'restart')
  return NEVER
}

// #ifdef H5
/** After signing in again: the address that was open before, once and not long after. Runs before the first page is made. */
export function comeBack(): void {
  const kept = sessionStorage.getItem(RETURN)
  sessionStorage.removeItem(RETURN)
  const { hash, atMs } = (kept ? JSON.parse(kept) : {}) as { hash?: string; atMs?: number }
  const arrived = /^(#\/pages\/home\/home)?$/.test(window.location.hash)
  if (!hash || !arrived || Date.now() - (atMs ?? 0) >= RETURN_MS) return
  forgetEarly()
  window.history.replaceState(null, '', hash)
}
// #endif

/** Nobody's phone yet, or somebody's no longer: the page says who one is first. */
export function bindFirst(): Promise<never> {
  // #ifdef H5
  // The answer may be there before the first page is: it leads on as soon as that one stands.
  if (getCurrentPages().length === 0) {
    setTimeout(bindFirst, SOON_MS)
    return NEVER
  }
  // #endif
  go('bind', {}, 'restart')
  return NEVER
}

/** Forget the tries: a request went through. */
export function signedIn(): void {
  leaving = false
  uni.removeStorageSync(PLACE)
}

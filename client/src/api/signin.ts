/** Sign-in 登录: WeChat tells us who opened the page; tried again at most three times in a minute. */

import { go } from '@/lib/nav'

const PLACE = 'anju.signins'
const WINDOW_MS = 60_000
const MOST = 3

/** What was asked stays unanswered: the page is on its way out. */
const NEVER = new Promise<never>(() => undefined)

let leaving = false

function tooOften(): boolean {
  const recent = ((uni.getStorageSync(PLACE) || []) as number[]).filter((at) => Date.now() - at < WINDOW_MS)
  if (recent.length >= MOST) return true
  uni.setStorageSync(PLACE, [...recent, Date.now()])
  return false
}

/** Leave for WeChat's sign-in, and come back to the home page. */
export function signInAgain(): Promise<never> {
  if (leaving) return NEVER
  // #ifdef H5
  if (!tooOften()) {
    leaving = true
    window.location.replace('/api/v1/auth/wechat/start?page=home')
    return NEVER
  }
  // #endif
  go('trouble', {}, 'restart')
  return NEVER
}

/** Forget the tries: a request went through. */
export function signedIn(): void {
  leaving = false
  uni.removeStorageSync(PLACE)
}

/** Taps 连点: the second of two quick taps on one button is the same tap, whatever the first has done by then. */

export const SAME_TAP_MS = 700
const STRAY_MS = 350
const FINGER_PX = 24
let last = { button: null as object | null, atMs: 0 }
let touched = { what: null as object | null, x: 0, y: 0, atMs: 0 }
let meant = 0

/** Whether this press belongs to the one before: same button, hardly any time, and nothing typed or pressed in between. */
export function isSameTap(button: object, nowMs: number = Date.now()): boolean {
  const before = last
  last = { button, atMs: nowMs }
  if (before.button !== button) meant++
  return before.button === button && nowMs - before.atMs < SAME_TAP_MS
}

export function forgetTap(): void {
  last = { button: null, atMs: 0 }
  touched = { what: null, x: 0, y: 0, atMs: 0 }
  meant++
}

/** How many different things were typed or pressed so far: while it stays, a second tap is still the first one. */
export function meantSoFar(): number {
  return meant
}

/** Whether a tap was meant for what stood there a moment ago: same spot, at once, and something else under the finger. */
export function isStray(what: object, x: number, y: number, nowMs: number = Date.now()): boolean {
  const before = touched
  touched = { what, x, y, atMs: nowMs }
  const sameSpot = Math.hypot(x - before.x, y - before.y) < FINGER_PX
  return before.what !== null && before.what !== what && sameSpot && nowMs - before.atMs < STRAY_MS
}

// #ifdef H5
/** Keys and scripts press without a finger: their events count no clicks. */
function holdBack(event: MouseEvent) {
  const what = (event.target as Element | null)?.closest?.('button, a')
  if (!what || !event.detail || !isStray(what, event.clientX, event.clientY)) return
  event.preventDefault()
  event.stopImmediatePropagation()
}
if (typeof document !== 'undefined') {
  document.addEventListener('input', forgetTap, true)
  document.addEventListener('click', holdBack, true)
}
// #endif

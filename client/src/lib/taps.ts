/** Taps 连点: the second of two quick taps on one button is the same tap, whatever the first has done by then. */

export const SAME_TAP_MS = 700
let last = { button: null as object | null, atMs: 0 }
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
  meant++
}

/** How many different things were typed or pressed so far: while it stays, a second tap is still the first one. */
export function meantSoFar(): number {
  return meant
}

// #ifdef H5
if (typeof document !== 'undefined') document.addEventListener('input', forgetTap, true)
// #endif

/** Whose phone 谁的手机: what a member began on it goes with them, and before another begins. */

import { keepTokens, dropTokens } from './tokens'
import { forgetDrafts } from '@/device/drafts'
import { dropWho } from '@/device/who'

/** The session or the binding is over here. */
export function memberLeft(): void {
  dropTokens()
  forgetDrafts()
}

/** Somebody has just been bound; whoever it was before. */
export function memberBound(tokens: Parameters<typeof keepTokens>[0] | null): void {
  forgetDrafts()
  dropWho()
  if (tokens) keepTokens(tokens)
}

/** Confirming 确认: what a passed face becomes, whoever verified it. */

import { confirmApplication } from '@/api/endpoints'
import { ApiProblem } from '@/api/problem'
import { dropConfirm, readConfirm } from '@/device/drafts'

/** A consumed verdict is confirmed again under its old key, which answers as the first time. */
export const GOOD = ['passed', 'consumed']
export const UNDER_WAY = ['judging', 'open']

export const refusedForGood = (fault: unknown) =>
  fault instanceof ApiProblem && fault.status >= 400 && fault.status < 500 && fault.status !== 429

/** Turn a passed face into the application's approval; sent again, it is still done once. */
export async function confirmWithFace(applicationId: string): Promise<boolean> {
  const pending = readConfirm(applicationId)
  if (!pending) return false
  try {
    await confirmApplication(applicationId, pending.faceSessionId, pending.key)
  } catch (fault) {
    // The verdict's time ran out, say: the next try starts with the camera.
    if (refusedForGood(fault)) dropConfirm(applicationId)
    throw fault
  }
  dropConfirm(applicationId)
  return true
}

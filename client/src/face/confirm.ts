/** Confirming 确认: what a passed face becomes, whoever verified it. */

import { confirmApplication, readApplication } from '@/api/endpoints'
import { ApiProblem } from '@/api/problem'
import { dropConfirm, markConfirmSent, readConfirm } from '@/device/drafts'
import { facesFirst } from '@/lib/progress'

/** A consumed verdict is confirmed again under its old key, which answers as the first time. */
export const GOOD = ['passed', 'consumed']
export const UNDER_WAY = ['judging', 'open']

/** How the application stands after a fault: gone past the face all the same, as before, or nobody here knows. */
export type Standing = 'past' | 'unmoved' | 'unknown'

export const refusedForGood = (fault: unknown) =>
  fault instanceof ApiProblem && !fault.passing && fault.status >= 400 && fault.status < 500 && fault.status !== 429

const conflict = (fault: unknown) => fault instanceof ApiProblem && fault.status === 409

/** Turn a passed face into the application's approval; sent again, it is still done once. A fault goes to `standingAfter`. */
export async function confirmWithFace(applicationId: string): Promise<boolean> {
  const pending = readConfirm(applicationId)
  if (!pending) return false
  markConfirmSent(applicationId)
  await confirmApplication(applicationId, pending.faceSessionId, pending.key)
  dropConfirm(applicationId)
  return true
}

/** Whether a confirmation sent before, whose answer was lost, was carried out; raises when that cannot be read. */
export async function settledBefore(applicationId: string): Promise<boolean> {
  return Boolean(readConfirm(applicationId)?.sent) && (await isPast(applicationId))
}

async function isPast(applicationId: string): Promise<boolean> {
  const past = !facesFirst(await readApplication(applicationId))
  if (past) dropConfirm(applicationId)
  return past
}

/** What a fault of the way to the confirmation means: only before it was sent has nothing moved for certain. */
export async function standingAfter(applicationId: string, fault: unknown): Promise<Standing> {
  const sent = Boolean(readConfirm(applicationId)?.sent)
  if (!sent && !conflict(fault)) return 'unmoved'
  const past = await isPast(applicationId).catch(() => null)
  if (past) return 'past'
  if (past === null) return 'unknown'
  if (sent && !refusedForGood(fault)) return 'unknown' // it may still be under way
  // The verdict's time ran out, say: the next try starts with the camera.
  dropConfirm(applicationId)
  return 'unmoved'
}

/** Confirm where no camera is; a fault that hid a confirmation carried out is none. */
export const confirmOrSee = (applicationId: string) =>
  confirmWithFace(applicationId).catch(async (fault) => {
    if ((await standingAfter(applicationId, fault)) !== 'past') throw fault
  })

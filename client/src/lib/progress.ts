/** Progress 进度: how far an application has come, as dots and as a tone. */

import type { Application, Step } from '@/api/types'
import { t } from '@/text'

export type Dot = Step['state']
export type Tone = 'done' | 'waiting' | 'failed'

const MONEY_ROAD = ['submitted', 'verifying', 'approved', 'paying', 'accepted', 'paid']
const PAPER_ROAD = ['submitted', 'verifying', 'in_review', 'completed']
const STANDS_AT: Record<string, string> = { in_review: 'verifying', waiting: 'approved', collecting: 'paying', unknown: 'paying' }
const FAILED = ['refused', 'returned', 'uncollected', 'expired', 'cancelled']

/** The colour and mark of a state: arrived, still under way, or ended without success. */
export function toneOf(state: string): Tone {
  if (['paid', 'repaid', 'completed'].includes(state)) return 'done'
  return FAILED.includes(state) ? 'failed' : 'waiting'
}

/** Whether the member has still to show who they are; a case past that has only its receipt. */
export const facesFirst = (application: Pick<Application, 'next_step'>) => ['face', 'confirm'].includes(application.next_step)

/** One dot for each step; the server's own steps when it sent them, else the road of the state. */
export function dotsOf(application: Pick<Application, 'state' | 'kind'> & { steps?: Step[] }): Dot[] {
  if (application.steps?.length) return application.steps.map((step) => step.state)
  const road = application.kind === 'withdrawal' ? MONEY_ROAD : PAPER_ROAD
  const here = road.indexOf(application.kind === 'withdrawal' ? STANDS_AT[application.state] ?? application.state : application.state)
  const last = road.length - 1
  return road.map((_, index) => dotAt(index, here, last, toneOf(application.state)))
}

function dotAt(index: number, here: number, last: number, tone: Tone): Dot {
  if (tone === 'failed') return index === last ? 'failed' : 'done'
  if (index < here || (index === here && here === last)) return 'done'
  return index === here ? 'current' : 'todo'
}

/** Words for the dots, for those who hear the page: "共 5 步，第 3 步". */
export function dotsText(dots: Dot[]): string {
  const here = dots.findIndex((dot) => dot === 'current' || dot === 'failed')
  return here < 0 ? t.steps.allDone(dots.length) : t.steps.here(dots.length, here + 1)
}

/** Journey by WeChat 微信刷脸流程: id from the server, WeChat's screen, the server's verdict, confirmation. */

import { ref, shallowRef } from 'vue'
import { awaitVerdict, openWeChatFace, reportReturned } from '@/api/endpoints'
import { ApiProblem } from '@/api/problem'
import type { FaceVerdict } from '@/api/types'
import { dropConfirm, keepConfirm, readConfirm } from '@/device/drafts'
import { confirmWithFace, GOOD, refusedForGood, settledBefore, standingAfter, UNDER_WAY, type Standing } from './confirm'
import { hasScreen, showScreen } from './wechat'
import { t } from '@/text'

export type WeChatStage = 'ready' | 'opening' | 'looking' | 'judging' | 'passed' | 'failed' | 'unsupported' | 'trouble'

/** Rounds of waiting for WeChat's answer, of some fifteen seconds each. */
const ROUNDS = 4

const unanswered = () =>
  new ApiProblem('timeout', 0, 'face.unanswered', t.wechatFace.unanswered)

export function useWeChatJourney(applicationId: () => string, consentId: () => string) {
  const stage = ref<WeChatStage>('ready')
  const verdict = shallowRef<FaceVerdict | null>(null)
  const trouble = shallowRef<unknown>(null)
  const standing = ref<Standing>('unmoved')
  let left = false

  /** From the member's tap to the end; true when the application has been confirmed. */
  async function start(): Promise<boolean> {
    trouble.value = verdict.value = null
    stage.value = 'opening'
    try {
      if (await settledBefore(applicationId())) return true
      const passed = (await resume()) || (await look())
      return passed && (await confirmWithFace(applicationId()))
    } catch (fault) {
      standing.value = await standingAfter(applicationId(), fault)
      if (standing.value === 'past') return true
      trouble.value = fault
      stage.value = 'trouble'
      return false
    }
  }

  /** A face taken before the mini-program was closed may have passed meanwhile; one not finished begins anew. */
  async function resume(): Promise<boolean> {
    const earlier = readConfirm(applicationId())
    if (!earlier) return false
    try {
      const state = (await reportReturned(earlier.faceSessionId)).state
      if (GOOD.includes(state)) {
        stage.value = 'passed'
        return true
      }
    } catch (fault) {
      if (!refusedForGood(fault)) throw fault
    }
    dropConfirm(applicationId())
    return false
  }

  async function look(): Promise<boolean> {
    if (!hasScreen()) {
      stage.value = 'unsupported'
      return false
    }
    const opened = await openWeChatFace(applicationId(), consentId())
    keepConfirm(applicationId(), opened.session_id)
    stage.value = 'looking'
    const screen = await showScreen(opened.verify_id)
    stage.value = 'judging'
    return judge(opened.session_id, screen === 'finished' ? ROUNDS : 1)
  }

  /** The server asks WeChat; while there is no answer it is asked again. */
  async function judge(sessionId: string, rounds: number): Promise<boolean> {
    verdict.value = await reportReturned(sessionId)
    for (let round = 0; round < rounds && !left && UNDER_WAY.includes(verdict.value.state); round++) {
      verdict.value = await awaitVerdict(sessionId)
    }
    if (UNDER_WAY.includes(verdict.value.state)) throw unanswered()
    const passed = GOOD.includes(verdict.value.state)
    stage.value = passed ? 'passed' : 'failed'
    if (!passed) dropConfirm(applicationId())
    return passed
  }

  /** The page is gone: do not wait any longer. */
  const leave = () => {
    left = true
  }

  return { stage, verdict, trouble, standing, start, leave }
}

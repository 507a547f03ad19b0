/** Journey 刷脸流程: camera, challenge, verdict and confirmation, as one state that a page can show. */

import { ref, shallowRef } from 'vue'
import { awaitVerdict, openFaceSession } from '@/api/endpoints'
import type { FaceSession, FaceVerdict, Prompt } from '@/api/types'
import { dropConfirm, keepConfirm, readConfirm } from '@/device/drafts'
import { hasKey } from '@/device/key'
import { jweixin } from '@/device/jweixin'
import { closeCamera, makeShutter, openCamera } from './camera'
import { NotThisPhone, runCapture } from './capture'
import { confirmWithFace, GOOD, refusedForGood, settledBefore, standingAfter, UNDER_WAY, type Standing } from './confirm'
import { useGuidance } from './guidance'
import { useLight } from './light'

export type Stage = 'ready' | 'opening' | 'placing' | 'capturing' | 'judging' | 'passed' | 'failed' | 'no-key' | 'trouble'

const WISH = { width: 480, height: 360 }
export function useFaceJourney(applicationId: () => string, consentId: () => string) {
  const stage = ref<Stage>('ready')
  const prompt = shallowRef<Prompt | null>(null)
  const session = shallowRef<FaceSession | null>(null)
  const actions = ref(0)
  const { shade, light, dark } = useLight()
  const guidance = useGuidance()
  const verdict = shallowRef<FaceVerdict | null>(null)
  const trouble = shallowRef<unknown>(null)
  const standing = ref<Standing>('unmoved')
  let stream: MediaStream | null = null
  let stopped = false
  let left = false

  /** The page is out of sight: a challenge cannot go on, a judgement can. */
  function hide(): void {
    stopped = true
    dark()
    guidance.stop()
    closeCamera(stream)
  }

  function leave(): void {
    left = true
    hide()
  }

  function reset(): void {
    stopped = false
    actions.value = 0
    trouble.value = verdict.value = prompt.value = null
    stage.value = 'opening'
  }

  /** From the member's tap to the end; true when the application has been confirmed. */
  async function start(video: () => HTMLVideoElement): Promise<boolean> {
    reset()
    try {
      if (await settledBefore(applicationId())) return true
      const passed = (await resume()) || (await challenge(video()))
      return passed && (await confirmWithFace(applicationId()))
    } catch (fault) {
      standing.value = await standingAfter(applicationId(), fault)
      if (standing.value === 'past') return true
      trouble.value = fault
      stage.value = fault instanceof NotThisPhone ? 'no-key' : 'trouble'
      return false
    } finally {
      guidance.stop()
      closeCamera(stream)
      stream = null
    }
  }

  /** A face taken before the page was closed may have passed meanwhile. */
  async function resume(): Promise<boolean> {
    const earlier = readConfirm(applicationId())
    if (!earlier) return false
    try {
      return await judge(earlier.faceSessionId)
    } catch (fault) {
      if (!refusedForGood(fault)) throw fault
      dropConfirm(applicationId())
      return false
    }
  }

  async function challenge(video: HTMLVideoElement): Promise<boolean> {
    stage.value = 'opening'
    await jweixin()
    if (!(await hasKey())) {
      stage.value = 'no-key'
      return false
    }
    stream = await openCamera(video, WISH.width, WISH.height)
    stage.value = 'placing'
    await guidance.start(video, guiding)
    if (stopped) {
      stage.value = 'ready'
      return false
    }
    const opened = await openFaceSession(applicationId(), consentId())
    session.value = opened
    await capture(opened, video)
    if (stopped) {
      stage.value = 'ready'
      return false
    }
    keepConfirm(applicationId(), opened.session_id)
    return judge(opened.session_id)
  }

  /** Before the challenge and while the face rests; during an action, and under the colours, nothing else is said. */
  const guiding = () => stage.value === 'placing' || (stage.value === 'capturing' && prompt.value?.kind === 'neutral' && !shade.value)

  async function capture(opened: FaceSession, video: HTMLVideoElement): Promise<void> {
    const { width, height, jpeg_quality: quality } = opened.capture
    stage.value = 'capturing'
    await runCapture(opened, makeShutter(video, width, height, quality), { onPrompt: show, stopped: () => stopped })
    guidance.stop()
    closeCamera(stream)
  }

  function show(next: Prompt): void {
    prompt.value = next
    light(next)
    if (next.kind !== 'neutral') actions.value++
  }

  /** Wait for the verdict; a session that did not pass is forgotten. */
  async function judge(sessionId: string): Promise<boolean> {
    stage.value = 'judging'
    do verdict.value = await awaitVerdict(sessionId)
    while (!left && UNDER_WAY.includes(verdict.value.state))
    const passed = GOOD.includes(verdict.value.state)
    stage.value = passed ? 'passed' : 'failed'
    if (!passed && !left) dropConfirm(applicationId())
    return passed
  }

  return { stage, prompt, actions, shade, hint: guidance.hint, session, verdict, trouble, standing, start, hide, leave }
}

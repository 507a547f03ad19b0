/** Journey 刷脸流程: camera, challenge, verdict and confirmation, as one state that a page can show. */

import { ref, shallowRef } from 'vue'
import { awaitVerdict, confirmApplication, openFaceSession } from '@/api/endpoints'
import type { FaceSession, FaceVerdict, Prompt } from '@/api/types'
import { dropConfirm, keepConfirm, readConfirm } from '@/device/drafts'
import { hasKey } from '@/device/key'
import { jweixin } from '@/device/jweixin'
import { closeCamera, makeShutter, openCamera } from './camera'
import { runCapture } from './capture'

export type Stage = 'ready' | 'opening' | 'capturing' | 'judging' | 'passed' | 'failed' | 'no-key' | 'trouble'

const WISH = { width: 480, height: 360 }

export function useFaceJourney(applicationId: () => string, consentId: () => string) {
  const stage = ref<Stage>('ready')
  const prompt = shallowRef<Prompt | null>(null)
  const session = shallowRef<FaceSession | null>(null)
  const actions = ref(0)
  const verdict = shallowRef<FaceVerdict | null>(null)
  const trouble = shallowRef<unknown>(null)
  let stream: MediaStream | null = null
  let gone = false

  const leave = () => {
    gone = true
    closeCamera(stream)
  }

  async function start(video: HTMLVideoElement): Promise<boolean> {
    gone = false
    trouble.value = verdict.value = prompt.value = null
    actions.value = 0
    stage.value = 'opening'
    try {
      return await challenge(video)
    } catch (fault) {
      trouble.value = fault
      stage.value = 'trouble'
      return false
    } finally {
      closeCamera(stream)
      stream = null
    }
  }

  async function challenge(video: HTMLVideoElement): Promise<boolean> {
    await jweixin()
    if (!(await hasKey())) {
      stage.value = 'no-key'
      return false
    }
    stream = await openCamera(video, WISH.width, WISH.height)
    const opened = await openFaceSession(applicationId(), consentId())
    session.value = opened
    await capture(opened, video)
    return gone ? false : judge(opened.session_id)
  }

  async function capture(opened: FaceSession, video: HTMLVideoElement): Promise<void> {
    const { width, height, jpeg_quality: quality } = opened.capture
    stage.value = 'capturing'
    await runCapture(opened, makeShutter(video, width, height, quality), {
      onPrompt: (next) => {
        prompt.value = next
        if (next.kind !== 'neutral') actions.value++
      },
      stopped: () => gone,
    })
    closeCamera(stream)
  }

  async function judge(sessionId: string): Promise<boolean> {
    stage.value = 'judging'
    do verdict.value = await awaitVerdict(sessionId)
    while (!gone && ['judging', 'open'].includes(verdict.value.state))
    stage.value = verdict.value.state === 'passed' ? 'passed' : 'failed'
    if (stage.value === 'failed') return false
    keepConfirm(applicationId(), sessionId)
    return true
  }

  return { stage, prompt, actions, session, verdict, trouble, start, leave }
}

/** Turn a passed face into the application's approval; sent again, it is still done once. */
export async function confirmWithFace(applicationId: string): Promise<boolean> {
  const pending = readConfirm(applicationId)
  if (!pending) return false
  await confirmApplication(applicationId, pending.faceSessionId, pending.key)
  dropConfirm(applicationId)
  return true
}

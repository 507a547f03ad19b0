/** Guidance while the camera runs 看着镜头: a look some three times a second, a hint that holds, and when all is well. */

import { fetchAhead } from '@/device/renewal'
import { ref } from 'vue'
import { hintOf, Steady, type Hint, type Look } from './guide'

const EVERY_MS = 350
/** Who cannot be helped within this time begins all the same: the judge is on the server. */
const PATIENCE_MS = 7000

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))

export function useGuidance() {
  const hint = ref<Hint | null>(null)
  let running = 0
  let well: () => void = () => undefined

  function stop(): void {
    running++
    hint.value = null
    well()
  }

  /** Guides from now on; resolves when the face is well placed, cannot be found out, or patience ends. */
  async function start(video: HTMLVideoElement, wanted: () => boolean): Promise<void> {
    const mine = ++running
    const placed = new Promise<void>((done) => (well = done))
    void look(video, mine, wanted).catch(stop)
    await Promise.race([placed, pause(PATIENCE_MS)])
  }

  async function look(video: HTMLVideoElement, mine: number, wanted: () => boolean): Promise<void> {
    const { lookThrough } = await fetchAhead(() => import('./finder'))
    const see = lookThrough(video)
    const steady = new Steady()
    let before: Look | null = null
    while (mine === running) {
      const now = see()
      const said = steady.see(hintOf(now, before))
      hint.value = wanted() ? said : null
      before = now
      if (steady.well) well()
      await pause(EVERY_MS)
    }
  }

  return { hint, start, stop }
}

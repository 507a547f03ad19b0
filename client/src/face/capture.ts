/** Capture 采集: frames at an even pace, sent about once a second, each new prompt shown as it comes. */

import { ApiProblem } from '@/api/problem'
import { sendFrames } from '@/api/endpoints'
import type { FaceSession, Prompt } from '@/api/types'
import { nextBatchIn, nextFrameIn } from './pace'
import { makeSealer, type Shot } from './sealing'

const REST_MS = 1000
const TRIES = 3

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))

/** The very first frames were refused: the centre knows another phone as the member's. */
export class NotThisPhone extends Error {}

export interface CaptureWatch {
  onPrompt(prompt: Prompt): void
  stopped(): boolean
}

/** Runs the whole challenge; resolves when the last prompt is done. */
export async function runCapture(session: FaceSession, shoot: () => Promise<Uint8Array>, watch: CaptureWatch): Promise<void> {
  const capture = new Capture(session, shoot, watch)
  await capture.run()
}

class Capture {
  private readonly queue: Shot[] = []
  private prompt: Prompt
  private promptSince = 0
  private start = 0
  private taken = 0
  private batch = 0
  private complete = false

  constructor(
    private readonly session: FaceSession,
    private readonly shoot: () => Promise<Uint8Array>,
    private readonly watch: CaptureWatch,
  ) {
    this.prompt = session.prompt
  }

  async run(): Promise<void> {
    const { session_id: id, nonce, challenge_key: key } = this.session
    const seal = await makeSealer(id, nonce, key)
    this.start = performance.now()
    this.watch.onPrompt(this.prompt)
    try {
      await Promise.all([this.shootOn(), this.sendOn(seal)])
    } finally {
      this.complete = true
    }
  }

  private get over(): boolean {
    return this.complete || this.watch.stopped()
  }

  private get elapsed(): number {
    return Math.round(performance.now() - this.start)
  }

  private async shootOn(): Promise<void> {
    const { fps, total_max: totalMax } = this.session.capture
    const pace = { fps, totalMax, actionCount: this.session.action_count }
    while (!this.over) {
      const began = this.elapsed
      const sincePromptMs = began - this.promptSince
      const wait = nextFrameIn({ taken: this.taken, waiting: this.queue.length, sincePromptMs, prompt: this.prompt }, pace)
      if (wait !== null) await this.take()
      await pause(Math.max(10, (wait ?? REST_MS) - (this.elapsed - began)))
    }
  }

  private async take(): Promise<void> {
    const [atMs, prompt] = [this.elapsed, this.prompt.index]
    const jpeg = await this.shoot()
    this.queue.push({ seq: this.taken++, atMs, prompt, jpeg })
  }

  private async sendOn(seal: Awaited<ReturnType<typeof makeSealer>>): Promise<void> {
    while (!this.over) {
      const due = this.elapsed + nextBatchIn(this.elapsed - this.promptSince, this.prompt.hold_ms)
      while (this.elapsed < due && this.queue.length < this.session.capture.batch_max && !this.over) await pause(40)
      const shots = this.queue.splice(0, this.session.capture.batch_max)
      if (shots.length) await this.send(await seal(this.batch++, shots))
    }
  }

  private async send(body: Parameters<typeof sendFrames>[1]): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        const reply = await sendFrames(this.session.session_id, body)
        return this.follow(reply.prompt, reply.complete)
      } catch (fault) {
        const passing = fault instanceof ApiProblem && fault.passing
        if (fault instanceof ApiProblem && fault.code === 'face.channel' && body.batch === 0) throw new NotThisPhone()
        if (!passing || attempt >= TRIES || this.over) throw fault
        await pause(300 * attempt)
      }
    }
  }

  private follow(prompt: Prompt | null, complete: boolean): void {
    this.complete ||= complete
    if (complete || !prompt || prompt.index === this.prompt.index) return
    this.prompt = prompt
    this.promptSince = this.elapsed
    this.watch.onPrompt(prompt)
  }
}

/** Sealing 封装: each frame under the challenge's key, each batch under this phone's own key. */

import type { FrameUpload } from '@/api/types'
import { sign } from '@/device/key'
import { ascii, base64, base64url, batchText, frameMacText, fromBase64url, sha256Hex } from '@/lib/signing'

export interface Shot {
  seq: number
  atMs: number
  prompt: number
  jpeg: Uint8Array
}

const importKey = (key: string) =>
  crypto.subtle.importKey('raw', fromBase64url(key), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])

/** Seals frames and batches of one face session. */
export async function makeSealer(sessionId: string, nonce: string, challengeKey: string) {
  const key = await importKey(challengeKey)

  async function frame(shot: Shot): Promise<FrameUpload> {
    const text = frameMacText(nonce, shot.seq, shot.atMs, shot.prompt, await sha256Hex(shot.jpeg))
    const mac = await crypto.subtle.sign('HMAC', key, ascii(text))
    return { seq: shot.seq, at_ms: shot.atMs, prompt: shot.prompt, jpeg: base64(shot.jpeg), mac: base64url(mac) }
  }

  return async (batch: number, shots: Shot[]) => {
    const frames = await Promise.all(shots.map(frame))
    const macs = await sha256Hex(ascii(frames.map((one) => one.mac).join('')))
    const signature = await sign(ascii(batchText(sessionId, batch, macs)))
    return { batch, frames, device_signature: base64url(signature) }
  }
}

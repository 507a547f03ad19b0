/** Signing 签名: the exact texts that are authenticated on the way of a face, and their encodings. */

/** Text under the MAC of one frame. */
export function frameMacText(nonce: string, seq: number, atMs: number, prompt: number, jpegSha256: string): string {
  return `${nonce}|${seq}|${atMs}|${prompt}|${jpegSha256}`
}

/** Text under the device's signature of one batch. */
export function batchText(sessionId: string, batch: number, macsSha256: string): string {
  return `anju-frames-v1|${sessionId}|${batch}|${macsSha256}`
}

const bytesOf = (data: ArrayBuffer | Uint8Array) => (data instanceof Uint8Array ? data : new Uint8Array(data))

export function hex(data: ArrayBuffer | Uint8Array): string {
  return Array.from(bytesOf(data), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function base64(data: ArrayBuffer | Uint8Array): string {
  const bytes = bytesOf(data)
  let text = ''
  for (let start = 0; start < bytes.length; start += 8192) {
    text += String.fromCharCode(...bytes.subarray(start, start + 8192))
  }
  return btoa(text)
}

export function base64url(data: ArrayBuffer | Uint8Array): string {
  return base64(data).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}

export function fromBase64url(text: string): Uint8Array {
  const raw = atob(text.replace(/-/g, '+').replace(/_/g, '/'))
  return Uint8Array.from(raw, (char) => char.charCodeAt(0))
}

export const ascii = (text: string) => new TextEncoder().encode(text)

export async function sha256Hex(data: Uint8Array | ArrayBuffer): Promise<string> {
  return hex(await crypto.subtle.digest('SHA-256', data))
}

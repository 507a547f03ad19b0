/** Idempotency keys 防重复键: one for each thing a member means to do, reused until it is done. */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

function randomBytes(count: number): Uint8Array {
  const bytes = new Uint8Array(count)
  // A key only has to differ from the member's own other keys, so Math.random will do where crypto is missing.
  if (typeof crypto !== 'undefined' && crypto.getRandomValues) return crypto.getRandomValues(bytes)
  return bytes.map(() => Math.floor(Math.random() * 256))
}

export function newKey(): string {
  return Array.from(randomBytes(24), (byte) => ALPHABET[byte & 63]).join('')
}

import { createHash, webcrypto } from 'node:crypto'
import { beforeAll, expect, it } from 'vitest'
import { ascii, base64, base64url, batchText, frameMacText, fromBase64url, hex, sha256Hex } from '@/lib/signing'

beforeAll(() => {
  if (!globalThis.crypto) Object.defineProperty(globalThis, 'crypto', { value: webcrypto })
})

it('puts the parts of a frame in the agreed order', () => {
  expect(frameMacText('n0nce', 7, 1250, 2, 'ab'.repeat(32))).toBe(`n0nce|7|1250|2|${'ab'.repeat(32)}`)
})

it('puts the parts of a batch in the agreed order', () => {
  expect(batchText('s-1', 3, 'ff')).toBe('anju-frames-v1|s-1|3|ff')
})

it('encodes bytes like everyone else', () => {
  const bytes = Uint8Array.from({ length: 20000 }, (_, index) => (index * 7) % 256)
  expect(base64(bytes)).toBe(Buffer.from(bytes).toString('base64'))
  expect(base64url(bytes)).toBe(Buffer.from(bytes).toString('base64url'))
  expect(Buffer.from(fromBase64url(base64url(bytes))).equals(Buffer.from(bytes))).toBe(true)
  expect(hex(Uint8Array.of(0, 15, 255))).toBe('000fff')
})

it('hashes with SHA-256', async () => {
  expect(await sha256Hex(ascii('abc'))).toBe(createHash('sha256').update('abc').digest('hex'))
})

it('makes the MAC of RFC 4231, case 2, with the same calls', async () => {
  const key = await crypto.subtle.importKey('raw', ascii('Jefe'), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  const mac = await crypto.subtle.sign('HMAC', key, ascii('what do ya want for nothing?'))
  expect(hex(mac)).toBe('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843')
})

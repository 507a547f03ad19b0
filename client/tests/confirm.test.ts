import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiProblem } from '@/api/problem'
import type { Application, FaceVerdict } from '@/api/types'
import * as endpoints from '@/api/endpoints'
import { keepConfirm, readConfirm } from '@/device/drafts'
import { confirmOrSee } from '@/face/confirm'
import { useFaceJourney } from '@/face/journey'

vi.mock('@/api/endpoints', () => ({
  openFaceSession: vi.fn(),
  awaitVerdict: vi.fn(),
  confirmApplication: vi.fn(),
  readApplication: vi.fn(),
}))
vi.mock('@/face/camera', () => ({ openCamera: vi.fn(async () => ({})), closeCamera: vi.fn(), makeShutter: vi.fn() }))
vi.mock('@/face/capture', () => ({ NotThisPhone: class extends Error {}, runCapture: vi.fn() }))
vi.mock('@/face/guidance', () => ({ useGuidance: () => ({ hint: null, start: async () => undefined, stop: () => undefined }) }))
vi.mock('@/face/light', () => ({ useLight: () => ({ shade: null, light: () => undefined, dark: () => undefined }) }))
vi.mock('@/device/key', () => ({ hasKey: async () => true }))
vi.mock('@/device/jweixin', () => ({ jweixin: async () => undefined }))

const server = vi.mocked(endpoints)
const lost = new ApiProblem('offline', 0, 'network.offline', '没连上')
const refusal = (status: number, code: string) => new ApiProblem('answer', status, code, '说明')
const at = (next_step: Application['next_step']) => ({ next_step }) as Application
const passed = { session_id: 's1', state: 'passed', reasons: [], tries_left: 3, served_until: null, queue_wait_s: null } as FaceVerdict

beforeEach(() => {
  const kept: Record<string, unknown> = {}
  vi.resetAllMocks()
  vi.stubGlobal('uni', {
    getStorageSync: (name: string) => kept[name] ?? '',
    setStorageSync: (name: string, value: unknown) => (kept[name] = JSON.parse(JSON.stringify(value))),
    removeStorageSync: (name: string) => delete kept[name],
  })
  server.awaitVerdict.mockResolvedValue(passed)
})
afterEach(() => vi.unstubAllGlobals())

const journey = () => useFaceJourney(() => 'a1', () => 'c1')
const start = (one: ReturnType<typeof journey>) => one.start(() => ({}) as HTMLVideoElement)

describe('an answer to the confirmation that is lost', () => {
  it('is looked up: an application that has moved on leads to its receipt', async () => {
    keepConfirm('a1', 's1')
    server.confirmApplication.mockRejectedValue(lost)
    server.readApplication.mockResolvedValue(at('wait'))
    expect(await start(journey())).toBe(true)
    expect(readConfirm('a1')).toBeNull()
  })

  it('is not known while nothing can be read; the next tap looks first, and confirms nothing again', async () => {
    keepConfirm('a1', 's1')
    server.confirmApplication.mockRejectedValue(lost)
    server.readApplication.mockRejectedValue(lost)
    const one = journey()
    expect(await start(one)).toBe(false)
    expect([one.stage.value, one.standing.value]).toEqual(['trouble', 'unknown'])
    expect(await start(one)).toBe(false)
    expect(one.standing.value).toBe('unknown')
    server.readApplication.mockResolvedValue(at('wait'))
    expect(await start(one)).toBe(true)
    expect(server.confirmApplication).toHaveBeenCalledTimes(1)
  })

  it('may still be under way where the application stands as before: the same key goes again', async () => {
    const { key } = keepConfirm('a1', 's1')
    server.confirmApplication.mockRejectedValueOnce(refusal(409, 'idempotency.in_progress')).mockResolvedValueOnce(at('wait'))
    server.readApplication.mockResolvedValue(at('confirm'))
    const one = journey()
    expect(await start(one)).toBe(false)
    expect(one.standing.value).toBe('unknown')
    expect(await start(one)).toBe(true)
    expect(server.confirmApplication.mock.calls).toEqual([['a1', 's1', key], ['a1', 's1', key]])
    expect(server.openFaceSession).not.toHaveBeenCalled()
  })
})

describe('money has not moved', () => {
  it('when the fault came before the confirmation was sent', async () => {
    keepConfirm('a1', 's1')
    server.awaitVerdict.mockRejectedValue(lost)
    const one = journey()
    expect(await start(one)).toBe(false)
    expect(one.standing.value).toBe('unmoved')
    expect(server.readApplication).not.toHaveBeenCalled()
  })

  it('when the confirmation was refused and the application stands as before; the next try begins with the camera', async () => {
    keepConfirm('a1', 's1')
    server.confirmApplication.mockRejectedValue(refusal(403, 'face.not_passed'))
    server.readApplication.mockResolvedValue(at('face'))
    const one = journey()
    expect(await start(one)).toBe(false)
    expect(one.standing.value).toBe('unmoved')
    expect(readConfirm('a1')).toBeNull()
  })

  it('is not said of a refusal that cannot be looked behind', async () => {
    keepConfirm('a1', 's1')
    server.confirmApplication.mockRejectedValue(refusal(409, 'application.state_changed'))
    server.readApplication.mockRejectedValue(lost)
    const one = journey()
    expect(await start(one)).toBe(false)
    expect(one.standing.value).toBe('unknown')
  })
})

it('leads to the receipt when the camera was opened for what is confirmed already', async () => {
  server.openFaceSession.mockRejectedValue(refusal(409, 'application.state_changed'))
  server.readApplication.mockResolvedValue(at('wait'))
  expect(await start(journey())).toBe(true)
})

it('is no fault on the receipt when the confirmation was carried out all the same', async () => {
  keepConfirm('a1', 's1')
  server.confirmApplication.mockRejectedValue(lost)
  server.readApplication.mockResolvedValueOnce(at('confirm')).mockResolvedValueOnce(at('wait'))
  await expect(confirmOrSee('a1')).rejects.toBe(lost)
  await confirmOrSee('a1')
  expect(readConfirm('a1')).toBeNull()
})

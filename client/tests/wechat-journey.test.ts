import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { ApiProblem } from '@/api/problem'
import type { FaceVerdict } from '@/api/types'
import * as endpoints from '@/api/endpoints'
import { readConfirm } from '@/device/drafts'
import { useWeChatJourney } from '@/face/wechat-journey'

vi.mock('@/api/endpoints', () => ({
  openWeChatFace: vi.fn(),
  reportReturned: vi.fn(),
  awaitVerdict: vi.fn(),
  confirmApplication: vi.fn(),
  readApplication: vi.fn(),
}))

const server = vi.mocked(endpoints)
const verdict = (state: FaceVerdict['state']): FaceVerdict => ({
  session_id: 's1', state, reasons: [], tries_left: 3, served_until: null, queue_wait_s: null,
})
const problem = (status: number, code: string) => new ApiProblem('answer', status, code, '说明')
let kept: Record<string, unknown>
let screen: 'success' | 'fail'
let shown: string[]

beforeEach(() => {
  kept = {}
  screen = 'success'
  shown = []
  vi.resetAllMocks()
  vi.stubGlobal('uni', {
    getStorageSync: (name: string) => kept[name] ?? '',
    setStorageSync: (name: string, value: unknown) => (kept[name] = value),
    removeStorageSync: (name: string) => delete kept[name],
  })
  vi.stubGlobal('wx', {
    requestFacialVerify: (option: { verifyId: string; success(): void; fail(): void }) => {
      shown.push(option.verifyId)
      option[screen]()
    },
  })
  server.openWeChatFace.mockResolvedValue({ session_id: 's1', method: 'wechat', expires_at: '', verify_id: 'v1' })
  server.confirmApplication.mockResolvedValue({} as never)
})
afterEach(() => vi.unstubAllGlobals())

const journey = () => useWeChatJourney(() => 'a1', () => 'c1')

it('goes from the id over the screen and the verdict to the confirmation', async () => {
  server.reportReturned.mockResolvedValue(verdict('passed'))
  const { start, stage } = journey()
  expect(await start()).toBe(true)
  expect(stage.value).toBe('passed')
  expect(shown).toEqual(['v1'])
  expect(server.openWeChatFace).toHaveBeenCalledWith('a1', 'c1')
  expect(server.confirmApplication).toHaveBeenCalledWith('a1', 's1', expect.any(String))
  expect(readConfirm('a1')).toBeNull()
})

it('believes the server when the screen says it went well', async () => {
  server.reportReturned.mockResolvedValue(verdict('failed'))
  const { start, stage } = journey()
  expect(await start()).toBe(false)
  expect(stage.value).toBe('failed')
  expect(server.confirmApplication).not.toHaveBeenCalled()
  expect(readConfirm('a1')).toBeNull()
})

it('asks the server too when the screen says it did not go well', async () => {
  screen = 'fail'
  server.reportReturned.mockResolvedValue(verdict('passed'))
  expect(await journey().start()).toBe(true)
})

it('waits while WeChat has not answered', async () => {
  server.reportReturned.mockResolvedValue(verdict('judging'))
  server.awaitVerdict.mockResolvedValueOnce(verdict('judging')).mockResolvedValueOnce(verdict('passed'))
  expect(await journey().start()).toBe(true)
  expect(server.awaitVerdict).toHaveBeenCalledTimes(2)
})

it('stops waiting after a minute, keeps the session and takes it up at the next tap', async () => {
  server.reportReturned.mockResolvedValue(verdict('judging'))
  server.awaitVerdict.mockResolvedValue(verdict('judging'))
  const { start, stage, trouble } = journey()
  expect(await start()).toBe(false)
  expect(server.awaitVerdict).toHaveBeenCalledTimes(4)
  expect([stage.value, (trouble.value as ApiProblem).code]).toEqual(['trouble', 'face.unanswered'])
  server.reportReturned.mockResolvedValue(verdict('passed'))
  expect(await start()).toBe(true)
  expect(shown).toEqual(['v1'])
})

it('begins anew when the kept session is over', async () => {
  kept['anju.confirm.a1'] = { faceSessionId: 'old', key: 'k' }
  server.reportReturned.mockRejectedValueOnce(problem(409, 'face.session_over')).mockResolvedValueOnce(verdict('passed'))
  expect(await journey().start()).toBe(true)
  expect(server.reportReturned.mock.calls).toEqual([['old'], ['s1']])
})

it('keeps the session when the line breaks', async () => {
  server.reportReturned.mockRejectedValue(new ApiProblem('offline', 0, 'network.offline', '没连上'))
  const { start, stage } = journey()
  expect(await start()).toBe(false)
  expect(stage.value).toBe('trouble')
  expect(readConfirm('a1')?.faceSessionId).toBe('s1')
})

it('looks up a confirmation whose answer was lost, and says that it is not known while it cannot', async () => {
  const lost = new ApiProblem('offline', 0, 'network.offline', '没连上')
  server.reportReturned.mockResolvedValue(verdict('passed'))
  server.confirmApplication.mockRejectedValue(lost)
  server.readApplication.mockRejectedValue(lost)
  const { start, stage, standing } = journey()
  expect(await start()).toBe(false)
  expect([stage.value, standing.value]).toEqual(['trouble', 'unknown'])
  server.readApplication.mockResolvedValue({ next_step: 'wait' } as never)
  expect(await start()).toBe(true)
  expect(server.confirmApplication).toHaveBeenCalledTimes(1)
  expect(shown).toEqual(['v1'])
})

it('says so when this WeChat has no such screen, and opens no session', async () => {
  vi.stubGlobal('wx', {})
  const { start, stage } = journey()
  expect(await start()).toBe(false)
  expect(stage.value).toBe('unsupported')
  expect(server.openWeChatFace).not.toHaveBeenCalled()
})

import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiProblem } from '../src/api/problem'

const exchange = vi.fn()
vi.mock('../src/api/transport', () => ({ exchange, sendFile: vi.fn(), downloadFile: vi.fn() }))
vi.mock('../src/api/signin', () => ({ bindFirst: vi.fn(), signInAgain: vi.fn() }))
vi.mock('../src/api/mini-login', () => ({ present: async () => undefined }))

const problem = (status: number, code: string) => new ApiProblem('answer', status, code, '', null, [], 2)

beforeEach(() => {
  exchange.mockReset()
  vi.useFakeTimers()
})

/** What comes of it when time passes. */
async function outcome<T>(asked: Promise<T>): Promise<unknown> {
  const told = asked.then((value) => value, (fault: ApiProblem) => fault.code)
  await vi.advanceTimersByTimeAsync(20_000)
  return told
}

describe('a server with too much to do', () => {
  it('is asked again for what is done once only: nothing was done yet', async () => {
    const { post } = await import('../src/api/client')
    exchange.mockRejectedValueOnce(problem(503, 'service.turned_away')).mockRejectedValueOnce(problem(503, 'service.turned_away')).mockResolvedValue('bound')
    expect(await outcome(post('/bind', {}))).toBe('bound')
    expect(exchange).toHaveBeenCalledTimes(3)
  })

  it('is left alone after the third time', async () => {
    const { remove } = await import('../src/api/client')
    exchange.mockRejectedValue(problem(503, 'service.turned_away'))
    expect(await outcome(remove('/consents/1'))).toBe('service.turned_away')
    expect(exchange).toHaveBeenCalledTimes(3)
  })

  it.each([[503, 'service.busy'], [503, 'service.fault'], [502, 'gateway'], [409, 'bind.active_elsewhere']])('%i %s may have done something: no second POST', async (status, code) => {
    const { post } = await import('../src/api/client')
    exchange.mockRejectedValue(problem(status, code))
    expect(await outcome(post('/bind', {}))).toBe(code)
    expect(exchange).toHaveBeenCalledTimes(1)
  })
})

describe('what is being carried out under the same key', () => {
  it('is asked for again a little later, under that key', async () => {
    const { postOnce } = await import('../src/api/client')
    exchange.mockRejectedValueOnce(problem(409, 'idempotency.in_progress')).mockResolvedValue('approved')
    expect(await outcome(postOnce('/applications/1/confirm', {}, 'one-key'))).toBe('approved')
    expect(exchange.mock.calls.map(([sent]) => sent.headers)).toEqual([{ 'Idempotency-Key': 'one-key' }, { 'Idempotency-Key': 'one-key' }])
  })

  it('other conflicts are not', async () => {
    const { postOnce } = await import('../src/api/client')
    exchange.mockRejectedValue(problem(409, 'application.state_changed'))
    expect(await outcome(postOnce('/applications/1/confirm', {}, 'one-key'))).toBe('application.state_changed')
    expect(exchange).toHaveBeenCalledTimes(1)
  })
})

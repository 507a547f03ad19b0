import { expect, it } from 'vitest'
import { dotsOf, dotsText, toneOf } from '@/lib/progress'

const at = (state: string, kind: 'withdrawal' | 'certificate' = 'withdrawal') => dotsOf({ state, kind })

it('fills the road of a withdrawal up to where it stands', () => {
  expect(at('submitted')).toEqual(['current', 'todo', 'todo', 'todo', 'todo', 'todo'])
  expect(at('paying')).toEqual(['done', 'done', 'done', 'current', 'todo', 'todo'])
  expect(at('paid')).toEqual(['done', 'done', 'done', 'done', 'done', 'done'])
})

it('shows an unknown payment where the bank has it, and a review as checking', () => {
  expect(at('unknown')).toEqual(at('paying'))
  expect(at('in_review')).toEqual(at('verifying'))
})

it('ends a failed one with a failed dot', () => {
  expect(at('returned').at(-1)).toBe('failed')
  expect(toneOf('returned')).toBe('failed')
  expect(toneOf('unknown')).toBe('waiting')
})

it('has a shorter road for papers', () => {
  expect(at('completed', 'certificate')).toEqual(['done', 'done', 'done', 'done'])
})

it("prefers the server's own steps", () => {
  const steps = [{ key: 'a', label: '提交', actor: '', at: null, state: 'done' as const }]
  expect(dotsOf({ state: 'paying', kind: 'withdrawal', steps })).toEqual(['done'])
})

it('says the dots in words', () => {
  expect(dotsText(at('paying'))).toBe('共 6 步，现在第 4 步')
  expect(dotsText(at('paid'))).toBe('共 6 步，都已完成')
})

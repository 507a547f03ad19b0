import { beforeEach, expect, test } from 'vitest'
import { forgetTap, isSameTap, isStray, meantSoFar } from '@/lib/taps'

const submit = {}
const other = {}

beforeEach(forgetTap)

test('the second of two quick taps is the same tap', () => {
  expect(isSameTap(submit, 1000)).toBe(false)
  expect(isSameTap(submit, 1130)).toBe(true)
})

test('a trembling finger goes on being one tap', () => {
  isSameTap(submit, 1000)
  isSameTap(submit, 1500)
  expect(isSameTap(submit, 2000)).toBe(true)
})

test('a tap after a while is a new one', () => {
  isSameTap(submit, 1000)
  expect(isSameTap(submit, 1701)).toBe(false)
})

test('another button is another tap, and so is this one after it', () => {
  isSameTap(submit, 1000)
  expect(isSameTap(other, 1100)).toBe(false)
  expect(isSameTap(submit, 1200)).toBe(false)
})

test('after typing it is meant', () => {
  isSameTap(submit, 1000)
  forgetTap()
  expect(isSameTap(submit, 1100)).toBe(false)
})

test('a double tap means one thing, anything else another', () => {
  isSameTap(submit, 1000)
  const meant = meantSoFar()
  isSameTap(submit, 1130)
  expect(meantSoFar()).toBe(meant)
  isSameTap(other, 1200)
  expect(meantSoFar()).toBe(meant + 1)
  forgetTap()
  expect(meantSoFar()).toBe(meant + 2)
})

test('the second of two quick taps does not press what has moved under the finger', () => {
  expect(isStray(submit, 100, 400, 10_000)).toBe(false)
  expect(isStray(other, 103, 398, 10_130)).toBe(true)
})

test('but the same button, another spot and a later tap are meant', () => {
  isStray(submit, 100, 400, 20_000)
  expect(isStray(submit, 100, 400, 20_130)).toBe(false)
  expect(isStray(other, 100, 460, 20_260)).toBe(false)
  expect(isStray(submit, 100, 460, 20_611)).toBe(false)
  forgetTap() // something was typed
  expect(isStray(other, 100, 460, 20_700)).toBe(false)
})

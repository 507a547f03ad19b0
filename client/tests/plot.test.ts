import { describe, expect, it } from 'vitest'
import { labelled, markText, percentOf, plotOf, roundUp, type Bar } from '@/lib/plot'

const bar = (up: number, down = 0): Bar => ({ key: String(up), label: 'x', up: [{ fen: up, look: 'solid' }], down: [{ fen: down, look: 'hatch' }] })

describe('the axis', () => {
  it.each([
    [0, 0], [-5, 0], [1, 1], [180000, 200000], [200000, 200000], [200001, 250000], [999, 1000], [3600000, 4000000], [7, 8],
  ])('%i ends at %i', (value, top) => expect(roundUp(value)).toBe(top))

  it.each([
    [200000, '2,000'], [100000000, '100万'], [1500000, '1.5万'], [50, '0.5'], [99999900, '100万'], [999900, '9,999'],
  ])('%i fen is marked %s', (fen, text) => expect(markText(fen)).toBe(text))
})

describe('bars', () => {
  it('stand in proportion, both sides on one scale', () => {
    // Up to 1,800 of an axis of 2,000; down to 600 of an axis of 600: three quarters and a bit of the height are above.
    const plot = plotOf([bar(180000, 60000), bar(90000)])
    expect([plot.top, plot.bottom]).toEqual([200000, 60000])
    expect(plot.above).toBe(76.92)
    expect(plot.bars.map((one) => one.up[0].percent)).toEqual([90, 45])
    expect(plot.bars[0].down).toEqual([{ look: 'hatch', percent: 100 }])
    expect(plot.bars[1].down).toEqual([])
  })
  it('pile up their parts within the axis', () => {
    const [one] = plotOf([{ key: 'a', label: 'a', up: [{ fen: 60, look: 'solid' }, { fen: 40, look: 'soft' }, { fen: 0, look: 'hatch' }], down: [] }]).bars
    expect(one.up).toEqual([{ look: 'solid', percent: 60 }, { look: 'soft', percent: 40 }])
  })
  it('are drawn for nothing at all', () => {
    expect(plotOf([bar(0)])).toEqual({ bars: [{ key: '0', label: 'x', up: [], down: [] }], above: 100, top: 0, bottom: 0 })
    expect(plotOf([]).bars).toEqual([])
  })
})

describe('labels', () => {
  const shown = (labels: string[], large = false) => labels.filter((_, index) => labelled(labels, large)(index))
  it('leave room for each other', () => {
    const years = Array.from({ length: 31 }, (_, index) => String(2021 + index))
    expect(shown(years)).toEqual(['2021', '2031', '2041', '2051'])
    const months = [7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6].map((month) => `${month}月`)
    expect(shown(months)).toEqual(['7月', '9月', '11月', '1月', '3月', '5月'])
    expect(shown(months, true)).toEqual(['7月', '10月', '1月', '4月'])
  })
  it('are all there where there are few', () => expect(shown(['1', '2', '3'])).toEqual(['1', '2', '3']))
})

describe('how far along', () => {
  it.each([
    [0, 100, 0], [1, 100000, 1], [50, 100, 50], [99999, 100000, 99], [100, 100, 100], [200, 100, 100], [5, 0, 0],
  ])('%i of %i is %i %%', (part, whole, percent) => expect(percentOf(part, whole)).toBe(percent))
})

import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { dayText, laterText, momentText, shortDay } from '@/lib/dates'
import { markText } from '@/lib/plot'
import { search } from '@/lib/search'
import { gloss, langOf, language, speak, t } from '@/text'
import { en } from '@/text/en'
import { englishWords } from '@/text/en/amount'
import { zh } from '@/text/zh'

const SRC = new URL('../src/', import.meta.url)
const CHINESE = /[\u3000-\u303F\u3400-\u9FFF\uFF00-\uFFEF]/
/** What is not said to members: a word of the protocol. */
const ALLOWED = ["export type Verb = '提' | '还'"]

/** Comments and styles blanked, so that the lines keep their numbers. */
function code(text: string): string[] {
  const blank = (found: string) => found.replace(/[^\n]/g, '')
  return text
    .replace(/<style[\s\S]*?<\/style>/g, blank)
    .replace(/\/\*[\s\S]*?\*\//g, blank)
    .replace(/<!--[\s\S]*?-->/g, blank)
    .split('\n')
    .map((line) => line.replace(/(^|\s)\/\/.*/, ''))
}

const sources = (readdirSync(SRC, { recursive: true }) as string[]).filter((file) => /\.(vue|ts)$/.test(file) && !file.startsWith('text/'))

type Words = string | ((...given: never[]) => string) | { [key: string]: Words }

/** Every text with its place: "home.hello". */
function leaves(words: Words, place = ''): [string, string | ((...given: never[]) => string)][] {
  if (typeof words !== 'object') return [[place, words]]
  return Object.entries(words).flatMap(([key, one]) => leaves(one, place ? `${place}.${key}` : key))
}

/** Dictionaries of the centre's own words: full in English only. */
const DICTIONARY = /^(names\.(?!said)|glosses\.|face\.prompts)/
const plain = (words: Words) => leaves(words).filter(([place]) => !DICTIONARY.test(place))

afterEach(() => speak('zh'))

describe('the language files', () => {
  it('hold every word: no Chinese stands in templates or scripts', () => {
    const found = sources.flatMap((file) =>
      code(readFileSync(new URL(file, SRC), 'utf8'))
        .map((line, index) => ({ place: `${file}:${index + 1}`, line: line.trim() }))
        .filter(({ line }) => CHINESE.test(line) && !ALLOWED.includes(line)),
    )
    expect(found).toEqual([])
  })

  it('have the same keys, and functions of the same kind', () => {
    const kinds = (words: Words) => plain(words).map(([place, one]) => [place, typeof one]).sort()
    expect(kinds(en)).toEqual(kinds(zh))
  })

  it('say in both languages what they are given', () => {
    // What one language leaves to the shape of the sentence.
    const shapes = ['yuan.', 'dates.', 'form.all', 'item.youMay', 'item.unmet', 'schema.sumTooMuch', 'draw.next', 'draw.may', 'check.faceThen', 'statement.told', 'statement.yearBefore']
    const functions = plain(zh).filter(([place, one]) => typeof one === 'function' && !shapes.some((shape) => place.startsWith(shape)))
    expect(functions.length).toBeGreaterThan(60)
    for (const [place, one] of functions) {
      const other = leaves(en).find(([name]) => name === place)![1] as (...given: unknown[]) => string
      const given = Array.from({ length: (one as () => string).length }, (_, index) => `‹${index}›`)
      const said = [(one as unknown as typeof other)(...given), other(...given)]
      for (const mark of given) expect(said.map((text) => text.includes(mark)), place).toEqual([true, true])
    }
  })

  it('say something, and English in English', () => {
    const texts = leaves(en).filter((leaf): leaf is [string, string] => typeof leaf[1] === 'string')
    expect(texts.filter(([, text]) => !text.trim())).toEqual([])
    const chinese = texts.filter(([, text]) => CHINESE.test(text)).map(([place]) => place)
    expect(chinese).toEqual(['words.otherLanguage', 'trouble.fromMenu', 'settings.languages.zh'])
  })
})

describe('in English', () => {
  it('reads dates, sums and marks as English does', () => {
    speak('en', en)
    expect([dayText('2026-12-01'), dayText('2026-10'), shortDay('2026-11-05')]).toEqual(['1 Dec 2026', 'Oct 2026', '5 Nov'])
    expect([momentText('2026-11-22T14:05:10+08:00'), laterText('2026-11-23T14:05:00+08:00')]).toEqual(['22 Nov 2026, 14:05', '23 Nov, 14:05'])
    expect([1500000, 12000000, 120000000].map(markText)).toEqual(['15k', '120k', '1.2m'])
    expect(t.yuan.sum('18,000.00')).toBe('¥18,000.00')
  })

  it.each([
    [1, 'Zero yuan and 1 fen'], [300000, 'Three thousand yuan'], [10023, 'One hundred yuan and 23 fen'], [11500, 'One hundred and fifteen yuan'],
    [1800050, 'Eighteen thousand yuan and 50 fen'], [123456789, 'One million two hundred and thirty-four thousand five hundred and sixty-seven yuan and 89 fen'],
  ])('spells %i fen', (fen, words) => expect(englishWords(fen)).toBe(words))

  it('finds an item by an English word, and leaves what it does not know in Chinese', () => {
    speak('en', en)
    const item = { code: 'rent-withdrawal', name_zh: '租房提取', group: 'money' as const, summary: '付房租', kind: 'withdrawal' as const }
    expect(search('rent', [item])[0]).toMatchObject({ title: 'Withdrawal for rent', page: 'item' })
    expect([gloss('批准'), gloss('没有见过')]).toEqual(['Approved', '没有见过'])
  })

  it('marks Chinese for those who hear it', () => {
    expect(langOf('不动产登记显示您有一套住房')).toBeUndefined()
    speak('en', en)
    expect(language.value).toBe('en')
    expect([langOf('不动产登记显示您有一套住房'), langOf('Approved'), langOf(null)]).toEqual(['zh-CN', undefined, undefined])
  })
})

/** Amount in words, in English: 300000 → "Three thousand yuan", 10023 → "One hundred yuan and 23 fen". */

const SMALL = [
  'zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve', 'thirteen', 'fourteen',
  'fifteen', 'sixteen', 'seventeen', 'eighteen', 'nineteen',
]
const TENS = ['', '', 'twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety']
const GROUPS: [number, string][] = [[1e9, 'billion'], [1e6, 'million'], [1e3, 'thousand'], [100, 'hundred']]

function spelt(value: number): string {
  for (const [size, name] of GROUPS) {
    if (value < size) continue
    const rest = value % size
    const link = rest && rest < 100 ? ' and ' : rest ? ' ' : ''
    return `${spelt(Math.floor(value / size))} ${name}${link}${rest ? spelt(rest) : ''}`
  }
  if (value < 20) return SMALL[value]
  return TENS[Math.floor(value / 10)] + (value % 10 ? `-${SMALL[value % 10]}` : '')
}

export function englishWords(fen: number): string {
  const words = `${spelt(Math.floor(fen / 100))} yuan${fen % 100 ? ` and ${fen % 100} fen` : ''}`
  return words[0].toUpperCase() + words.slice(1)
}

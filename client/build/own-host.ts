/** Own host 只连自己: the framework's advertising and picture addresses are cut out, and none other may come in. */

import type { Plugin } from 'vite'

const CUT = [
  /https:\/\/hac1\.dcloud\.net\.cn\/ah5v2/g,
  /https:\/\/has1\.dcloud\.net\.cn\/ahl/g,
]
const CUT_PICTURES = /url\(["']?https:\/\/cdn\.dcloud\.net\.cn\/[^)]*\)/g
const HARMLESS = /^https?:\/\/(www\.w3\.org|vuejs\.org\/error-reference|github\.com\/weui)/

function cut(text: string): string {
  return CUT.reduce((left, address) => left.replace(address, ''), text).replace(CUT_PICTURES, 'none')
}

function check(file: string, text: string): void {
  const foreign = (text.match(/https?:\/\/[\w.-]+[^\s"'`)]*/g) ?? []).filter((address) => !HARMLESS.test(address))
  if (foreign.length) throw new Error(`${file} reaches outside hosts: ${foreign.join(', ')}`)
}

/** Members' phones talk to the centre and to WeChat's script only. */
export function ownHostOnly(): Plugin {
  return {
    name: 'anju-own-host',
    apply: 'build',
    enforce: 'post',
    generateBundle(_options, bundle) {
      for (const [file, part] of Object.entries(bundle)) {
        if (part.type === 'chunk') check(file, (part.code = cut(part.code)))
        else if (file.endsWith('.css')) check(file, (part.source = cut(String(part.source))))
      }
    },
  }
}

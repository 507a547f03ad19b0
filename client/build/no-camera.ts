/** No camera 不拍脸: WeChat forbids a mini-program to take faces itself, so none of the capture may be built into one. */

import type { Plugin } from 'vite'

const FORBIDDEN = /getUserMedia|createCameraContext|onCameraFrame|chooseMedia/

export function noCamera(): Plugin {
  return {
    name: 'anju-no-camera',
    apply: 'build',
    enforce: 'post',
    generateBundle(_options, bundle) {
      for (const [file, part] of Object.entries(bundle)) {
        const found = part.type === 'chunk' ? FORBIDDEN.exec(part.code) : null
        if (found) throw new Error(`${file} would use the camera of a mini-program: ${found[0]}`)
      }
    },
  }
}

import uni from '@dcloudio/vite-plugin-uni'
import { defineConfig } from 'vite'
import { noCamera } from './build/no-camera'
import { ownHostOnly } from './build/own-host'

const h5 = process.env.UNI_PLATFORM === 'h5'

export default defineConfig({
  base: './',
  plugins: [uni(), h5 ? ownHostOnly() : noCamera()],
  // One script and one style sheet: once the first page is there, every page is, also where the line is bad.
  build: h5 ? { cssCodeSplit: false, rollupOptions: { output: { inlineDynamicImports: true } } } : {},
  server: { proxy: { '/api': process.env.ANJU_API ?? 'http://127.0.0.1:8600' } },
})

import uni from '@dcloudio/vite-plugin-uni'
import { defineConfig } from 'vite'
import { firstPage, scripts } from './build/first-page'
import { noCamera } from './build/no-camera'
import { ownHostOnly } from './build/own-host'

const h5 = process.env.UNI_PLATFORM === 'h5'

export default defineConfig({
  base: './',
  plugins: [uni(), ...(h5 ? [firstPage(), ownHostOnly()] : [noCamera()])],
  // The first page's script, that of all others, and one style sheet: soon after the first page every page is there.
  build: h5 ? { cssCodeSplit: false, rollupOptions: { output: { manualChunks: scripts() } } } : {},
  server: { proxy: { '/api': process.env.ANJU_API ?? 'http://127.0.0.1:8600' } },
})

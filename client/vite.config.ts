import uni from '@dcloudio/vite-plugin-uni'
import { defineConfig } from 'vite'

export default defineConfig({
  base: './',
  plugins: [uni()],
  server: { proxy: { '/api': process.env.ANJU_API ?? 'http://127.0.0.1:8600' } },
})

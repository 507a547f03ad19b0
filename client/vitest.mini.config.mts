import { defineConfig } from 'vitest/config'

// The built mini-program: `npm run build:mp-weixin` comes first. WeChat's compiler of pages, which the tests use, is there
// for x64 only.
const here = process.arch === 'x64'

export default defineConfig({
  test: {
    include: here ? ['tests/mini/**/*.test.ts'] : [],
    passWithNoTests: !here,
    environment: 'node',
    pool: 'forks',
    testTimeout: 20000,
  },
})

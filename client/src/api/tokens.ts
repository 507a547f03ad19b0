/** Tokens 令牌: the H5 page leaves them in HttpOnly cookies; a mini-program, which has none, keeps them here. */

interface Tokens {
  access_token?: string
  refresh_token?: string
}

// #ifndef H5
const PLACE = 'anju.tokens'
// #endif

export function keepTokens(tokens: Tokens): void {
  // #ifndef H5
  if (tokens.access_token) uni.setStorageSync(PLACE, tokens)
  // #endif
}

/** Whether there is anything to show who is asking; the page cannot know. */
export function hasTokens(): boolean {
  return 'Authorization' in bearer()
}

export function bearer(): Record<string, string> {
  // #ifndef H5
  const tokens = uni.getStorageSync(PLACE) as Tokens | ''
  if (tokens && tokens.access_token) return { Authorization: `Bearer ${tokens.access_token}` }
  // #endif
  return {}
}

export function refreshBody(): Record<string, string> {
  // #ifndef H5
  const tokens = uni.getStorageSync(PLACE) as Tokens | ''
  if (tokens && tokens.refresh_token) return { refresh_token: tokens.refresh_token }
  // #endif
  return {}
}

/** The session is over for good. */
export function dropTokens(): void {
  // #ifndef H5
  uni.removeStorageSync(PLACE)
  // #endif
}

import { createSSRApp, type App as VueApp } from 'vue'
import App from './App.vue'
// #ifdef H5
import { comeBack } from './api/signin'
import { foreign, ready } from './device/language'
// #endif

export function createApp() {
  // #ifdef H5
  comeBack()
  // #endif
  const app = createSSRApp(App)
  // #ifdef H5
  if (foreign()) mountWhen(app, ready())
  // #endif
  return { app }
}
// #ifdef H5

/** The page's own skeleton stands until the words are there. */
function mountWhen(app: VueApp, words: Promise<unknown>): void {
  const mount = app.mount.bind(app)
  app.mount = (root) => {
    void words.then(() => mount(root))
    return app as never
  }
}
// #endif

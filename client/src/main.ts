import { createSSRApp } from 'vue'
import App from './App.vue'
// #ifdef H5
import { comeBack } from './api/signin'
// #endif

export function createApp() {
  // #ifdef H5
  comeBack()
  // #endif
  return { app: createSSRApp(App) }
}

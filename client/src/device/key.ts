/** Device key 手机密钥: a P-256 key that never leaves this phone; its public half is bound to the member. */

const STORE = 'keys'
const SLOT = 'device'

function database(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const open = indexedDB.open('anju', 1)
    open.onupgradeneeded = () => open.result.createObjectStore(STORE)
    open.onsuccess = () => resolve(open.result)
    open.onerror = () => reject(open.error)
  })
}

async function inStore<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const base = await database()
  return new Promise((resolve, reject) => {
    const request = work(base.transaction(STORE, mode).objectStore(STORE))
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  }).finally(() => base.close()) as Promise<T>
}

const stored = () => inStore<CryptoKeyPair | undefined>('readonly', (store) => store.get(SLOT))

async function make(): Promise<CryptoKeyPair> {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
  await inStore('readwrite', (store) => store.put(pair, SLOT))
  return pair
}

/** Public half to send at binding; made now if this phone has none. A mini-program has no WebCrypto: there
 * WeChat's own verification stands for the phone, and no key is sent. */
export async function publicKey(): Promise<JsonWebKey | undefined> {
  if (typeof indexedDB === 'undefined') return undefined
  const pair = (await stored()) ?? (await make())
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey)
  return { kty, crv, x, y }
}

export const hasKey = async (): Promise<boolean> => Boolean(await stored().catch(() => undefined))

/** ECDSA P-256 with SHA-256 over the bytes, as raw r||s. */
export async function sign(data: Uint8Array): Promise<ArrayBuffer> {
  const pair = await stored()
  if (!pair) throw new Error('device.no_key')
  return crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, pair.privateKey, data)
}

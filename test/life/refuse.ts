// Imported before anything else in a worker: from now on, whoever looks at what a program reaches out by is noted and refused.
const touched: string[] = []
const names = [
  'location', 'indexedDB', 'caches', 'cookieStore', 'fetch', 'BroadcastChannel', 'MessageChannel', 'EventSource', 'WebSocket', 'Worker', 'setTimeout', 'setInterval', 'addEventListener', 'registration', 'clients',
]
const before = new Map(names.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]))
for (const name of names) {
  Object.defineProperty(globalThis, name, {
    configurable: true,
    get() {
      touched.push(name)
      throw new Error(`touched ${name}`)
    },
  })
}
const real = navigator
Object.defineProperty(globalThis, 'navigator', {
  configurable: true,
  value: new Proxy(real, {
    get(target, name) {
      // The protocol library reads the browser's name, and nothing else.
      if (name === 'userAgent') return target.userAgent
      touched.push(`navigator.${String(name)}`)
      throw new Error('touched')
    },
  }),
})

/** Gives everything back; says what was touched until then. */
export function admit(): readonly string[] {
  for (const [name, own] of before) {
    // What the scope inherits comes back by itself.
    if (own) Object.defineProperty(globalThis, name, own)
    else delete (globalThis as Record<string, unknown>)[name]
  }
  Object.defineProperty(globalThis, 'navigator', { configurable: true, value: real })
  return [...touched]
}

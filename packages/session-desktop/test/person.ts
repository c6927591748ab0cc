/** A person with a browser, by plain HTTP: cookies, redirects, forms, and the page at the end, wherever it is. */

/** A page that a person sees. */
export interface Seen {
  readonly url: URL
  readonly status: number
  readonly headers: Headers
  readonly html: string
  /** What stands there, without markup. */
  readonly text: string
}

/** One browser. */
export interface Person {
  visit(url: URL | string, form?: URLSearchParams): Promise<Seen>
  /** Fills in the form of a page and sends it. */
  submit(page: Seen, fields: Readonly<Record<string, string>>): Promise<Seen>
  /** Goes to the provider and signs in there. */
  signIn(url: URL | string, email?: string): Promise<Seen>
}

/** A browser that was nowhere yet. `pass` may keep an address from being asked for. */
export function newPerson(pass: (url: URL) => boolean = () => true): Person {
  const cookies = new Map<string, { readonly host: string; readonly path: string; readonly pair: string }>()

  const keep = (url: URL, line: string): void => {
    const [pair = '', ...attributes] = line.split(/; */)
    const path = attributes.find((attribute) => /^path=/i.test(attribute))?.slice(5) ?? '/'
    const key = `${url.host} ${path} ${pair.slice(0, pair.indexOf('='))}`
    if (pair.endsWith('=')) cookies.delete(key)
    else cookies.set(key, { host: url.host, path, pair })
  }

  const person: Person = {
    async visit(given, form) {
      for (let [url, body] = [new URL(given), form]; ;) {
        if (!pass(url)) return { url, status: 0, headers: new Headers(), html: '', text: '' }
        const cookie = [...cookies.values()].filter(({ host, path }) => host === url.host && (url.pathname + '/').startsWith(path.replace(/\/?$/, '/'))).map(({ pair }) => pair).join('; ')
        const response = await fetch(url, { redirect: 'manual', headers: { cookie, accept: 'text/html' }, ...(body && { method: 'POST', body }) })
        for (const line of response.headers.getSetCookie()) keep(url, line)
        const next = response.headers.get('location')
        const html = await response.text()
        if (next !== null) [url, body] = [new URL(next, url), undefined]
        else if (html.includes('document.forms[0].submit()')) [url, body] = [actionOf(html, url), hiddenOf(html)]
        else return { url, status: response.status, headers: response.headers, html, text: html.replaceAll(/<style>[^]*?<\/style>|<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ').trim() }
      }
    },
    submit(page, fields) {
      const form = hiddenOf(page.html)
      for (const [name, value] of Object.entries(fields)) form.set(name, value)
      return person.visit(actionOf(page.html, page.url), form)
    },
    signIn: async (url, email = 'sela@example.test') => person.submit(await person.visit(url), { email, password: 'demo' }),
  }
  return person
}

function actionOf(html: string, base: URL): URL {
  return new URL(/<form[^>]*action="([^"]*)"/.exec(html)?.[1] ?? '', base)
}

function hiddenOf(html: string): URLSearchParams {
  return new URLSearchParams([...html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]))
}

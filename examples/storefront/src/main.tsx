/** The storefront's page: asks what it is, makes the shop, shows it, and lets the session begin. */
import '@fontsource-variable/hanken-grotesk/wght.css'
import './styles/base.css'
import './styles/controls.css'
import './styles/frame.css'
import './styles/pages.css'
import { render } from 'preact'
import { fetchConfig } from './shop/config.ts'
import { createShop } from './shop/shop.ts'
import { App } from './view/app.tsx'
import { Closed } from './view/closed.tsx'
import { keepFocus } from './view/keep-focus.ts'
import { renderInTasks } from './view/render-later.ts'
import { go } from './view/router.tsx'

renderInTasks(keepFocus())
const root = document.getElementById('root')!

async function open(): Promise<void> {
  const config = await fetchConfig()
  const shop = createShop(config)
  if (config.expose) Object.assign(globalThis, { storefront: { session: shop.session, downloads: shop.downloads, checkout: shop.checkout } })
  const starting = shop.session.start()
  render(<App shop={shop} starting={starting} />, root)
  const { returnTo } = await starting
  if (returnTo?.startsWith('/')) go(returnTo, { replace: true })
}

open().catch(() => render(<Closed />, root))

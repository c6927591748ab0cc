/** The bar above every page; on a phone its links move to the lower edge, where the thumb is. */
import { useShop } from './context.ts'
import { Icon, type IconName } from './icon.tsx'
import { Link, path } from './router.tsx'

const places: readonly { readonly to: string; readonly name: string; readonly icon: IconName }[] = [
  { to: '/', name: 'Library', icon: 'library' },
  { to: '/cart', name: 'Cart', icon: 'cart' },
  { to: '/security', name: 'Security', icon: 'security' },
]

/** The bar. */
export function Header() {
  const { account, stock } = useShop()
  const person = account.me.data.value
  const inCart = stock.cart.data.value?.items.length ?? 0
  return (
    <header class="bar">
      <Link to="/" class="brand"><img src="/mark.svg" alt="" width="32" height="32" /><span>3DIMLI</span></Link>
      <nav aria-label="Shop">
        <ul>
          {places.map(({ to, name, icon }) => (
            <li key={to}>
              <Link to={to} current={path.value === to}>
                <Icon name={icon} />
                <span>{name}</span>
                {to === '/cart' && inCart > 0 && <span class="count"><span class="unseen">, </span>{inCart}<span class="unseen"> in it</span></span>}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <p class="person">{person && <><span class="initials" aria-hidden="true">{initials(person.name)}</span><span class="unseen">Signed in as </span><span class="name">{person.name}</span></>}</p>
    </header>
  )
}

function initials(name: string): string {
  const words = name.split(' ').filter((word) => word !== '')
  return [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => word?.[0] ?? '').join('')
}

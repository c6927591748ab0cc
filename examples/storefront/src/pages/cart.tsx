/** The cart and the order: what is in it, where the invoice goes, and what became of it. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Address, Order, Progress } from '../shop/ordering.ts'
import type { Cart, Offer } from '../shop/stock.ts'
import { useShop } from '../view/context.ts'
import { Icon } from '../view/icon.tsx'
import { Page } from '../view/page.tsx'
import { Problem, useTask } from '../view/problem.tsx'
import { Link } from '../view/router.tsx'
import { Stage } from '../view/stage.tsx'
import { explain } from '../words/failures.ts'
import { count, price } from '../words/numbers.ts'

/** The page. */
export function CartPage() {
  const { stock, ordering } = useShop()
  const opening = useTask()
  useEffect(() => {
    void stock.catalogue.load()
    opening.run(() => ordering.open())
  }, [])
  const progress = ordering.progress.value
  const cart = stock.cart.data.value
  if (progress.step === 'received') return <Received order={progress.order} recovered={progress.recovered} />
  return (
    <Page title="Your cart" lead={cart === undefined ? cartWait(stock.cart.failure.value) : cart.items.length === 0 ? 'It is empty. Find something below.' : `${count(cart.items.length, 'model')}, licensed once and yours for good.`}>
      <Standing progress={progress} />
      <Problem error={opening.error} />
      {cart && cart.items.length > 0 && (
        <div class="checkout">
          <AddressForm cart={cart} progress={progress} />
          <Summary cart={cart} />
        </div>
      )}
      <Offers cart={cart} />
    </Page>
  )
}

function cartWait(failure: unknown): string {
  return failure === undefined ? 'Getting your cart…' : `${explain(failure)} What you typed before is still on this device.`
}

/** What is known of an order that was sent. */
function Standing({ progress }: { progress: Progress }) {
  const { ordering } = useShop()
  const task = useTask()
  return (
    <div role="status">
      {(progress.step === 'unsure' || progress.step === 'asking') && (
        <div class="standing">
          <h2>{progress.step === 'asking' ? 'Asking about your order…' : 'We did not hear back about your order'}</h2>
          <p>It may have arrived, or still be on its way. We ask again by ourselves, and nothing is bought twice.</p>
          {progress.step === 'unsure' && <button type="button" class="primary" aria-disabled={task.busy} onClick={() => task.run(() => ordering.recover())}>Ask now</button>}
          <Problem error={task.error} />
        </div>
      )}
      {progress.step === 'not-received' && (
        <div class="standing">
          <h2>Your order did not arrive</h2>
          <p>Nothing was bought. Your details are still here, so you can send it again.</p>
        </div>
      )}
    </div>
  )
}

function Received({ order, recovered }: { order: Order; recovered: boolean }) {
  const { ordering } = useShop()
  return (
    <Page title="Your order was received" lead={recovered ? 'The answer was lost on its way, so we asked again: it arrived, once.' : 'Thank you. Your models are in your library.'} class="slim">
      <section class="panel receipt" aria-label="Order">
        <ul>{order.items.map((item) => <li key={item.id}><Stage id={item.id} small /><span>{item.title}</span><span class="number">{price(item.price, order.currency)}</span></li>)}</ul>
        <p class="total"><span>Paid</span><span class="number">{price(order.total, order.currency)}</span></p>
        <p class="facts">Order {order.id.replace(/^ord_/, '').slice(0, 8)}</p>
      </section>
      <p class="actions"><Link to="/" class="button primary">Go to your library</Link><button type="button" class="quiet" onClick={() => ordering.again()}>Back to the cart</button></p>
    </Page>
  )
}

type Field = { readonly name: keyof Address; readonly label: string; readonly autocomplete: 'name' | 'street-address' | 'postal-code' | 'address-level2' | 'country-name'; readonly missing: string }

const fields: readonly Field[] = [
  { name: 'name', label: 'Full name', autocomplete: 'name', missing: 'Enter the name for the invoice.' },
  { name: 'street', label: 'Street and number', autocomplete: 'street-address', missing: 'Enter a street and a number.' },
  { name: 'postcode', label: 'Postcode', autocomplete: 'postal-code', missing: 'Enter a postcode.' },
  { name: 'city', label: 'City', autocomplete: 'address-level2', missing: 'Enter a city.' },
  { name: 'country', label: 'Country', autocomplete: 'country-name', missing: 'Enter a country.' },
]

const keepingWords = { nothing: '', writing: 'Keeping what you type…', written: 'What you typed is kept on this device.', failed: 'This could not be kept on this device.' } as const

function AddressForm({ cart, progress }: { cart: Cart; progress: Progress }) {
  const { ordering } = useShop()
  const task = useTask()
  const [asked, setAsked] = useState(false)
  const form = useRef<HTMLFormElement>(null)
  const address = ordering.address.value
  const busy = isBusy(progress)

  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    // What counts is what was typed, not what was last drawn.
    if (isBusy(ordering.progress.value)) return
    setAsked(true)
    const typed = ordering.address.value
    const first = fields.find(({ name }) => isMissing(typed, name))
    if (first) form.current?.querySelector<HTMLInputElement>(`#${first.name}`)?.focus()
    else task.run(() => ordering.send())
  }
  return (
    <form ref={form} class="panel address" noValidate onSubmit={submit} aria-labelledby="invoice">
      <h2 id="invoice">Invoice address</h2>
      <div class="fields">
        {fields.map(({ name, label, autocomplete, missing: words }) => {
          const wrong = asked && isMissing(address, name)
          return (
            <div key={name} class={`field ${name}`}>
              <label for={name}>{label}</label>
              <input id={name} name={name} autocomplete={autocomplete} required value={address[name]} aria-invalid={wrong} aria-describedby={wrong ? `${name}-wrong` : undefined}
                onInput={(event) => ordering.type(name, event.currentTarget.value)} />
              {wrong && <p class="wrong" id={`${name}-wrong`}>{words}</p>}
            </div>
          )
        })}
      </div>
      <div class="pay">
        <p class="keeping">{ordering.keeping.value === 'written' && <Icon name="kept" />}{keepingWords[ordering.keeping.value]}</p>
        <button type="submit" class="primary large" aria-disabled={busy}>{busy ? 'One moment…' : `Buy now for ${price(cart.total, cart.currency)}`}</button>
      </div>
      <Problem error={task.error} />
    </form>
  )
}

const isBusy = ({ step }: Progress): boolean => step === 'sending' || step === 'asking'
const isMissing = (address: Address, name: keyof Address): boolean => address[name].trim() === ''

function Summary({ cart }: { cart: Cart }) {
  const { stock } = useShop()
  const task = useTask()
  return (
    <section class="panel summary" aria-labelledby="in-cart">
      <h2 id="in-cart">In your cart</h2>
      <ul>
        {cart.items.map((item) => (
          <li key={item.id}>
            <Stage id={item.id} small />
            <div><strong>{item.title}</strong><small>{item.creator} · {item.format}</small></div>
            <span class="number">{price(item.price, item.currency)}</span>
            <button type="button" class="round" aria-disabled={task.busy} aria-label={`Take ${item.title} out of the cart`} onClick={() => task.run(() => stock.drop(item.id))}><Icon name="trash" /></button>
          </li>
        ))}
      </ul>
      <p class="total"><span>Total</span><span class="number">{price(cart.total, cart.currency)}</span></p>
      <Problem error={task.error} />
    </section>
  )
}

function Offers({ cart }: { cart: Cart | undefined }) {
  const { stock } = useShop()
  const owned = stock.library.data.value
  const offers = owned && cart && stock.catalogue.data.value?.filter(({ id }) => ![...owned, ...cart.items].some((other) => other.id === id))
  if (!offers || offers.length === 0) return null
  return (
    <section class="offers" aria-labelledby="offers">
      <h2 id="offers">You do not have these yet</h2>
      <ul class="models">{offers.map((offer) => <li key={offer.id}><OfferCard offer={offer} /></li>)}</ul>
    </section>
  )
}

function OfferCard({ offer }: { offer: Offer }) {
  const { stock } = useShop()
  const task = useTask()
  return (
    <article class="card" aria-labelledby={`offer-${offer.id}`}>
      <Stage id={offer.id} />
      <div class="about">
        <h3 id={`offer-${offer.id}`}>{offer.title}</h3>
        <p class="facts">{offer.creator} · {offer.format}</p>
        <p>{offer.description}</p>
        <div class="choices priced">
          <span class="price">{price(offer.price, offer.currency)}</span>
          <button type="button" class="quiet" aria-disabled={task.busy} onClick={() => task.run(() => stock.add(offer.id))}><Icon name="plus" /><span>Add<span class="unseen"> {offer.title}</span> to cart</span></button>
        </div>
        <Problem error={task.error} />
      </div>
    </article>
  )
}

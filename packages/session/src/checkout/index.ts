/**
 * A checkout whose draft dies with the session, and whose submitted order is found again.
 *
 * @module `@3dimli/session/checkout`
 */
export { createCheckout } from './checkout.ts'
export type { Checkout, CheckoutOptions, OrderCall, Recovery } from './checkout.ts'

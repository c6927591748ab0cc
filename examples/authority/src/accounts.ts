/** The demonstration accounts. A shop has a database and password hashes here. */
import { hash, timingSafeEqual } from 'node:crypto'

/** One account. */
export interface Account {
  readonly sub: string
  readonly email: string
  readonly name: string
  readonly role: 'buyer' | 'seller' | 'admin'
  /** What it owned before its first order here. */
  readonly owns: readonly string[]
}

/** Everyone who can sign in, each with the password `demo`. */
export const accounts: readonly Account[] = [
  { sub: 'acc_mira', email: 'mira@example.test', name: 'Mira Hoffmann', role: 'buyer', owns: ['amphora', 'river-stone', 'dune-field', 'knot-lamp', 'ridge-scan'] },
  { sub: 'acc_jonas', email: 'jonas@example.test', name: 'Jonas Lindqvist', role: 'buyer', owns: ['river-stone', 'gear-vase'] },
  { sub: 'acc_sela', email: 'sela@example.test', name: 'Sela Okafor', role: 'seller', owns: ['amphora', 'gear-vase'] },
  { sub: 'acc_admin', email: 'admin@example.test', name: 'Ada Admin', role: 'admin', owns: [] },
]

const password = hash('sha256', 'demo', 'buffer')

/** Finds the account these credentials belong to. */
export function accountOf(email: string, given: string): Account | undefined {
  const account = accounts.find((one) => one.email === email.trim().toLowerCase())
  return timingSafeEqual(hash('sha256', given, 'buffer'), password) ? account : undefined
}

/** Finds an account by its subject. */
export function accountBySub(sub: string): Account | undefined {
  return accounts.find((one) => one.sub === sub)
}

/** What the server tells the page when it starts. */

/** Where everything is. */
export interface Config {
  /** Who signs people in. */
  readonly issuer: string
  readonly clientId: string
  /** Where the marketplace's API answers. */
  readonly api: string
  /** True in the tour and in tests, which look at the shop from outside. */
  readonly expose: boolean
}

/** Asks the server; throws when it does not answer with a configuration. */
export async function fetchConfig(): Promise<Config> {
  const response = await fetch('/config.json')
  const { issuer, clientId, api, expose } = (await response.json()) as Partial<Config>
  if (typeof issuer !== 'string' || typeof clientId !== 'string' || typeof api !== 'string') throw new Error('The configuration is not complete.')
  return { issuer, clientId, api, expose: expose === true }
}

/** What the model needs of a client, whichever version it is. */
export { createSession } from '../../src/index.ts'

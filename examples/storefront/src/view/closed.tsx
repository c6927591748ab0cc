/** What is shown when the shop itself does not answer. */
import { Heading } from './page.tsx'

/** The shop is closed. */
export function Closed() {
  return (
    <main id="main" class="out narrow">
      <p class="brand"><img src="/mark.svg" alt="" width="36" height="36" /><span>3DIMLI</span></p>
      <Heading title="The shop does not answer" focus={false} />
      <p class="lead">Look at your connection and try again. What you kept on this device is still here.</p>
      <p><button type="button" class="primary" onClick={() => location.reload()}>Try again</button></p>
    </main>
  )
}

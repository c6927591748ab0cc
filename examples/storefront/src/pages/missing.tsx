/** An address that is no page. */
import { Page } from '../view/page.tsx'
import { Link } from '../view/router.tsx'

/** The page for it. */
export function MissingPage() {
  return (
    <Page title="There is nothing here" lead="The address may have a typing error, or the page has moved.">
      <p><Link to="/" class="button primary">Go to your library</Link></p>
    </Page>
  )
}

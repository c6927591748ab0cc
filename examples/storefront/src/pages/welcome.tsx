/** The door: what the shop is, and the way in. */
import { useShop } from '../view/context.ts'
import { Heading } from '../view/page.tsx'
import { Problem, useTask } from '../view/problem.tsx'

/** The page for somebody who is not signed in. */
export function Welcome({ signInError }: { signInError: unknown }) {
  const { session, pictures } = useShop()
  const task = useTask()
  const picture = pictures.of('knot-lamp').value
  return (
    <main id="main" class="welcome">
      <div class="pitch">
        <p class="brand"><img src="/mark.svg" alt="" width="36" height="36" /><span>3DIMLI</span></p>
        <Heading title="Your models, where you work" focus={false} />
        <p class="lead">Keep what you bought on this device, ready without a connection. When your session ends, it is gone from here, and still yours.</p>
        <p><button type="button" class="primary large" aria-disabled={task.busy} onClick={() => task.run(() => session.signIn())}>Sign in</button></p>
        <Problem error={task.error ?? signInError} />
        <ul class="points">
          <li>OBJ, GLB and STL, checked on arrival</li>
          <li>Encrypted while they are kept</li>
          <li>Signed out everywhere the moment you say so</li>
        </ul>
      </div>
      <div class="poster" aria-hidden="true">{picture !== undefined && <img src={picture} alt="" />}</div>
    </main>
  )
}

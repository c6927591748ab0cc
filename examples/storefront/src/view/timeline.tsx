/** A timeline: a table of steps, each with a bar that begins where the one before it ended. */
import { milliseconds, type Step } from '../words/timeline.ts'

/** Shows steps; the bars are for the eye, the numbers for everybody. */
export function Timeline({ steps, caption }: { steps: readonly Step[]; caption: string }) {
  const whole = Math.max(1, steps.at(-1)?.afterMs ?? 1)
  return (
    <table class="timeline">
      <caption>{caption}</caption>
      <thead><tr><th scope="col">Step</th><th scope="col">What it means</th><th scope="col" class="number">After</th></tr></thead>
      <tbody>
        {steps.map(({ name, meaning, afterMs }, index) => {
          const from = index === 0 ? 0 : steps[index - 1]!.afterMs
          return (
            <tr key={name} class={`step ${name.toLowerCase()}`}>
              <th scope="row">{name}</th>
              <td class="meaning">
                {meaning}
                <span class="track" aria-hidden="true"><span class="span" style={{ '--from': from / whole, '--to': afterMs / whole }} /></span>
              </td>
              <td class="number">{milliseconds(afterMs)}</td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}

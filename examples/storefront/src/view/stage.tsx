/** A model's picture on a stage of its own tint; a drawn cube stands in until the picture is there. */
import { useShop } from './context.ts'
import { Icon } from './icon.tsx'

const tints = 5

/** A stage. The picture is decoration: the model's name stands beside it. */
export function Stage({ id, small = false }: { id: string; small?: boolean }) {
  const picture = useShop().pictures.of(id).value
  const tint = Array.from(id).reduce((sum, letter) => (sum * 17 + letter.charCodeAt(0)) % 997, 1) % tints
  return (
    <div class={`stage tint-${tint}${small ? ' small' : ''}`} aria-hidden="true">
      {picture === undefined ? <Icon name="cube" class="stand-in" /> : <img src={picture} alt="" />}
    </div>
  )
}

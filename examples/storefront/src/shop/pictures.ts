/** Pictures of models, which the marketplace draws; public, so no token goes along. */
import { signal, type ReadonlySignal } from '@preact/signals'

/** The pictures of this page. */
export interface Pictures {
  /** The address of a picture once it has arrived. */
  of(id: string): ReadonlySignal<string | undefined>
}

/** Makes the pictures. They are fetched rather than linked to: the policy lets images come from this page alone. */
export function createPictures(api: string): Pictures {
  const known = new Map<string, ReadonlySignal<string | undefined>>()
  const fetchPicture = async (id: string): Promise<string> => {
    const response = await fetch(`${api}/api/catalogue/${encodeURIComponent(id)}/picture.svg`)
    if (!response.ok) throw new Error('There is no such picture.')
    return URL.createObjectURL(await response.blob())
  }
  return {
    of(id) {
      const there = known.get(id)
      if (there) return there
      const picture = signal<string | undefined>(undefined)
      known.set(id, picture)
      fetchPicture(id).then((address) => (picture.value = address), () => known.delete(id))
      return picture
    },
  }
}

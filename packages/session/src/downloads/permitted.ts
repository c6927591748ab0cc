/** Asks whether a record may still be read at the moment it is handed out, however long it lay ready. */

type Bytes = Uint8Array<ArrayBuffer>

/** Makes the transform that asks `permit` before each record; what is refused, and all after it, is not handed out. */
export function permitted(permit: () => Promise<void>): TransformStream<Bytes, Bytes> {
  return new TransformStream({
    async transform(record, controller) {
      await permit()
      controller.enqueue(record)
    },
  })
}

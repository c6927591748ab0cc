/** One span around one act. */
import { type Attributes, type AttributeValue, SpanStatusCode, trace } from '@opentelemetry/api'

/** Runs `act` in a span; `note` adds what is known only afterwards. What is thrown marks the span, without its words: they are not ours. */
export async function spanned<T>(name: string, attributes: Attributes, act: (note: (name: string, value: AttributeValue) => void) => Promise<T>): Promise<T> {
  return trace.getTracer('@3dimli/session-server').startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await act((key, value) => span.setAttribute(key, value))
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR })
      throw error
    } finally {
      span.end()
    }
  })
}

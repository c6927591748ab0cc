/** Numbers for Prometheus and spans for OpenTelemetry, made of what the server tells anyway. @module */
export { createSessionMetrics, type SessionMetrics, type SessionMetricsOptions } from './metrics.ts'

// The package entry `nestjs-kafka-producer/opentelemetry`.
export { OpenTelemetryInstrumentation } from './open-telemetry.instrumentation.js';
export { OPEN_TELEMETRY_OPTIONS, type OpenTelemetryOptions } from './open-telemetry-options.js';
export { TraceContextInterceptor } from './trace-context.interceptor.js';

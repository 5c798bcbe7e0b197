// The package entry `nestjs-kafka-producer/opentelemetry`.
export { TraceContextInterceptor } from './trace-context.interceptor.js';

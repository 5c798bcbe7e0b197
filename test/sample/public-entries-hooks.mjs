const ENTRIES = new Map([
  ['nestjs-kafka-producer', new URL('../../lib/index.ts', import.meta.url).href],
  ['nestjs-kafka-producer/health', new URL('../../lib/health/index.ts', import.meta.url).href],
  ['nestjs-kafka-producer/opentelemetry', new URL('../../lib/observability/index.ts', import.meta.url).href],
  ['nestjs-kafka-producer/testing', new URL('../../lib/testing/index.ts', import.meta.url).href],
]);

export function resolve(specifier, context, nextResolve) {
  return nextResolve(ENTRIES.get(specifier) ?? specifier, context);
}

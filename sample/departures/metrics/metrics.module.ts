import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { OPEN_TELEMETRY_OPTIONS, type OpenTelemetryOptions } from 'nestjs-kafka-producer/opentelemetry';
import { MetricsController } from './metrics.controller.js';

/** Collects metrics for Prometheus, which asks for them at `/metrics`. */
@Module({
  controllers: [MetricsController],
  providers: [
    {
      provide: PrometheusExporter,
      // The application has an HTTP server already.
      useFactory: () => new PrometheusExporter({ preventServerStart: true, withoutScopeInfo: true }),
    },
    {
      provide: MeterProvider,
      useFactory: (exporter: PrometheusExporter) => new MeterProvider({ readers: [exporter] }),
      inject: [PrometheusExporter],
    },
    {
      provide: OPEN_TELEMETRY_OPTIONS,
      useFactory: (meterProvider: MeterProvider): OpenTelemetryOptions => ({ meterProvider }),
      inject: [MeterProvider],
    },
  ],
  exports: [OPEN_TELEMETRY_OPTIONS],
})
export class MetricsModule implements OnApplicationShutdown {
  public constructor(private readonly meterProvider: MeterProvider) {}

  public onApplicationShutdown(): Promise<void> {
    return this.meterProvider.shutdown();
  }
}

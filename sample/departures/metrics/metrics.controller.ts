import { Controller, Get, Req, Res } from '@nestjs/common';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import type { IncomingMessage, ServerResponse } from 'node:http';

@Controller('metrics')
export class MetricsController {
  public constructor(private readonly exporter: PrometheusExporter) {}

  /** In Prometheus's text format. */
  @Get()
  public read(@Req() request: IncomingMessage, @Res() response: ServerResponse): void {
    this.exporter.getMetricsRequestHandler(request, response);
  }
}

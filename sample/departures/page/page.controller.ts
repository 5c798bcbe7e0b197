import { Controller, Get, Header, type MessageEvent, Sse } from '@nestjs/common';
import { map, type Observable } from 'rxjs';
import { LiveBoard } from './live-board.js';
import { renderPage } from './page.html.js';
import { UsMap } from './us-map.js';

@Controller()
export class PageController {
  public constructor(
    private readonly board: LiveBoard,
    private readonly map: UsMap,
  ) {}

  /** The departure board. It needs nothing from elsewhere, and may not load it. */
  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  @Header(
    'content-security-policy',
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; connect-src 'self'",
  )
  public page(): string {
    return renderPage(this.map.outlines);
  }

  @Sse('events')
  public events(): Observable<MessageEvent> {
    return this.board.snapshots.pipe(map((snapshot) => ({ data: snapshot })));
  }
}

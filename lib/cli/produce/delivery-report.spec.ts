import { describe, expect, it } from '@jest/globals';
import { DeliveryReport, type ReportFormat } from './delivery-report.js';

function bench(format: ReportFormat) {
  const written: string[] = [];
  const report = new DeliveryReport({ write: async (data) => void written.push(String(data)) }, format);
  const deliver = (line: number, offset = String(line)): void =>
    report.delivered(line, {
      topic: 'orders',
      partition: 2,
      offset,
      timestamp: 7,
      serializedKeySize: -1,
      serializedValueSize: 1,
    });
  return { report, deliver, text: () => written.join('') };
}

describe('DeliveryReport', () => {
  it('prints a line for each record, without being asked', async () => {
    const { deliver, text } = bench('text');
    deliver(1);
    deliver(2);
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(text()).toBe('orders-2@1\norders-2@2\n');
  });

  it('prints JSON lines with exact offsets, or nothing', async () => {
    const json = bench('json');
    json.deliver(1, '9007199254740993');
    json.deliver(2);
    await json.report.flush();
    expect(json.text()).toBe(
      '{"line":1,"topic":"orders","partition":2,"offset":"9007199254740993","timestamp":7}\n' +
        '{"line":2,"topic":"orders","partition":2,"offset":2,"timestamp":7}\n',
    );
    const quiet = bench('quiet');
    quiet.deliver(1);
    await quiet.report.flush();
    expect(quiet.text()).toBe('');
  });

  it('holds back what a transaction has not committed, however much it is', async () => {
    const { deliver, report, text } = bench('text');
    report.hold();
    for (let line = 0; line < 5_000; line++) deliver(line);
    await report.flush();
    expect(text()).toBe('');
    await report.release();
    expect(text()).toBe(Array.from({ length: 5_000 }, (_, line) => `orders-2@${line}\n`).join(''));
  });

  it('forgets what was aborted', async () => {
    const { deliver, report, text } = bench('text');
    report.hold();
    for (let line = 0; line < 5_000; line++) deliver(line);
    report.drop();
    deliver(9);
    await report.flush();
    expect(text()).toBe('orders-2@9\n');
  });
});

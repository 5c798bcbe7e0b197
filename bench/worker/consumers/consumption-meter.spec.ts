import { ConsumptionMeter } from './consumption-meter.js';

describe('ConsumptionMeter', () => {
  it('counts from the first record to the last, which leaves the first one out', async () => {
    const meter = new ConsumptionMeter(4);
    for (const id of [0, 1, 2, 3]) meter.handled(id);
    await meter.ended();
    expect(meter.measure()).toMatchObject({ records: 3, calls: 3, handled: 4, idSum: 6 });
  });

  it('begins after the warm-up', async () => {
    const meter = new ConsumptionMeter(10, 4);
    meter.handledAll([0, 1, 2]);
    meter.handledAll([3, 4, 5]);
    meter.handledAll([6, 7, 8]);
    meter.handledAll([9]);
    await meter.ended();
    expect(meter.measure()).toMatchObject({ records: 4, calls: 2, handled: 10, idSum: 45 });
  });

  it('keeps counting after the last record, so that one that comes twice is noticed', async () => {
    const meter = new ConsumptionMeter(2);
    for (const id of [0, 1, 1]) meter.handled(id);
    await meter.ended();
    expect(meter.measure()).toMatchObject({ records: 1, handled: 3, idSum: 2 });
  });

  it('gives up on a consumer that gets nothing any more', async () => {
    const meter = new ConsumptionMeter(2);
    meter.handled(0);
    await expect(meter.ended(5)).rejects.toThrow('after 1 of 2 records');
  });

  it('has no figure when all records came at once', () => {
    const meter = new ConsumptionMeter(2);
    meter.handledAll([0, 1]);
    expect(() => meter.measure()).toThrow('choose more records');
  });
});

import { RecordingLog } from '../../../test/support/recording-log.js';
import { ListenerEventLog } from './listener-event-log.js';

describe('the log of a listener', () => {
  it('tells once of a record whose dead letter cannot be stored, and of one that was', () => {
    const log = new RecordingLog();
    const events = new ListenerEventLog(log);
    const record = { listenerId: 'orders', topic: 't', partition: 0, offset: '5', attempts: 3 };
    events.write({ ...record, type: 'dead-letter-failed', error: new Error('no topic t-dlt') });
    events.write({ ...record, type: 'dead-letter-failed', error: new Error('no topic t-dlt') });
    events.write({ ...record, type: 'dead-lettered', error: new Error('it is bad.') });
    events.write({ type: 'paused', listenerId: 'orders' });
    expect(log.lines).toEqual([
      'error Record t-0@5 of orders could not be stored as a dead letter, which is tried again; its partition waits for that: no topic t-dlt.',
      'warn Record t-0@5 of orders was given up after 3 attempts, and is a dead letter now: it is bad.',
    ]);
  });
});

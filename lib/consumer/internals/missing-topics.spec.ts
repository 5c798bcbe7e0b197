import { RecordingLog } from '../../../test/support/recording-log.js';
import { MissingTopics } from './missing-topics.js';

describe('a topic that does not exist', () => {
  it('is told of once, when it is still not there a little later, and again after it was there', () => {
    const log = new RecordingLog();
    const missing = new MissingTopics('group', log);
    missing.look(['orders', 'ordres']);
    missing.look(['ordres']);
    expect(log.lines).toEqual([]);
    for (let look = 0; look < 3; look++) missing.look(['ordres']);
    expect(log.lines).toEqual([expect.stringMatching(/^warn The topic 'ordres' that the group 'group' reads/)]);
    missing.look([]);
    for (let look = 0; look < 3; look++) missing.look(['ordres']);
    expect(log.lines).toHaveLength(2);
  });
});

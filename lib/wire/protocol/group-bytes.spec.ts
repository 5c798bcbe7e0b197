import { createRequire } from 'node:module';
import { MalformedResponseError } from '../malformed-response-error.js';
import { bytesOf, hexOf, joined, versions } from '../spec-support/kafka-bytes.js';
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  type ConsumerSubscription,
} from './consumer-protocol.js';
import { heartbeatApi } from './heartbeat.js';
import { joinGroupApi } from './join-group.js';
import { leaveGroupApi } from './leave-group.js';
import { syncGroupApi } from './sync-group.js';

/** kafkajs's own reading and writing of the embedded protocol. */
const kafkaJs: {
  readonly MemberMetadata: { decode(bytes: Buffer): unknown };
  readonly MemberAssignment: { decode(bytes: Buffer): unknown; encode(assignment: object): Buffer };
} = createRequire(import.meta.url)('kafkajs/src/consumer/assignerProtocol.js');

const GROUP = 'billing-äöü';
const FIRST = Buffer.from([1, 2, 3]);
const SECOND = Buffer.from([4]);

describe.each(versions(joinGroupApi))('JoinGroup v%i, against the bytes of Kafka’s own classes', (version) => {
  const request = {
    groupId: GROUP,
    sessionTimeoutMs: 45_000,
    rebalanceTimeoutMs: 300_000,
    memberId: 'reader-1',
    groupInstanceId: 'rack-7',
    protocolType: 'consumer',
    protocols: [
      { name: 'range', metadata: FIRST },
      { name: 'roundrobin', metadata: SECOND },
    ],
    reason: 'subscription changed',
  };

  it('writes a member that comes again, and a new one', () => {
    expect(joined(joinGroupApi.encodeRequest(version, request))).toBe(hexOf(`JoinGroupRequest v${version}`));
    const fresh = { ...request, memberId: '', groupInstanceId: null, reason: null };
    expect(joined(joinGroupApi.encodeRequest(version, fresh))).toBe(hexOf(`JoinGroupRequest new v${version}`));
  });

  it('reads the members that the leader is told of', () => {
    expect(joinGroupApi.decodeResponse(version, bytesOf(`JoinGroupResponse v${version}`))).toEqual({
      throttleTimeMs: 21,
      errorCode: 0,
      generationId: 42,
      protocolType: version >= 7 ? 'consumer' : null,
      protocolName: 'range',
      leader: 'reader-1',
      skipAssignment: version >= 9,
      memberId: 'reader-1',
      members: [
        { memberId: 'reader-1', groupInstanceId: version >= 5 ? 'rack-7' : null, metadata: FIRST },
        { memberId: 'reader-2', groupInstanceId: null, metadata: SECOND },
      ],
    });
  });

  it('reads that another member leads', () => {
    expect(joinGroupApi.decodeResponse(version, bytesOf(`JoinGroupResponse follower v${version}`))).toMatchObject({
      errorCode: 0,
      generationId: 43,
      leader: 'reader-2',
      memberId: 'reader-1',
      skipAssignment: false,
      members: [],
    });
  });

  it('reads the member id that a new member has to join with', () => {
    expect(joinGroupApi.decodeResponse(version, bytesOf(`JoinGroupResponse refused v${version}`))).toMatchObject({
      errorCode: 79,
      generationId: -1,
      protocolName: '',
      memberId: 'reader-9',
      members: [],
    });
  });
});

describe.each(versions(syncGroupApi))('SyncGroup v%i, against the bytes of Kafka’s own classes', (version) => {
  const request = {
    groupId: GROUP,
    generationId: 42,
    memberId: 'reader-1',
    groupInstanceId: 'rack-7',
    protocolType: 'consumer',
    protocolName: 'range',
    assignments: [
      { memberId: 'reader-1', assignment: FIRST },
      { memberId: 'reader-2', assignment: SECOND },
    ],
  };

  it('writes what the leader hands in, and what the others do', () => {
    expect(joined(syncGroupApi.encodeRequest(version, request))).toBe(hexOf(`SyncGroupRequest v${version}`));
    const follower = { ...request, groupInstanceId: null, assignments: [] };
    expect(joined(syncGroupApi.encodeRequest(version, follower))).toBe(hexOf(`SyncGroupRequest follower v${version}`));
  });

  it('reads the assignment', () => {
    expect(syncGroupApi.decodeResponse(version, bytesOf(`SyncGroupResponse v${version}`))).toEqual({
      throttleTimeMs: 22,
      errorCode: 0,
      protocolType: version >= 5 ? 'consumer' : null,
      protocolName: version >= 5 ? 'range' : null,
      assignment: FIRST,
    });
  });

  it('reads a refusal', () => {
    expect(syncGroupApi.decodeResponse(version, bytesOf(`SyncGroupResponse refused v${version}`))).toMatchObject({
      errorCode: 27,
      assignment: Buffer.alloc(0),
    });
  });
});

describe.each(versions(heartbeatApi))('Heartbeat v%i, against the bytes of Kafka’s own classes', (version) => {
  const request = { groupId: GROUP, generationId: 42, memberId: 'reader-1', groupInstanceId: null };

  it('writes a dynamic and a static member', () => {
    expect(joined(heartbeatApi.encodeRequest(version, request))).toBe(hexOf(`HeartbeatRequest dynamic v${version}`));
    const fixed = { ...request, groupInstanceId: 'rack-7' };
    expect(joined(heartbeatApi.encodeRequest(version, fixed))).toBe(hexOf(`HeartbeatRequest v${version}`));
  });

  it('reads that the group rebalances', () => {
    const response = bytesOf(`HeartbeatResponse v${version}`);
    expect(heartbeatApi.decodeResponse(version, response)).toEqual({ throttleTimeMs: 23, errorCode: 27 });
  });
});

describe.each(versions(leaveGroupApi))('LeaveGroup v%i, against the bytes of Kafka’s own classes', (version) => {
  it('writes the one member that goes', () => {
    const request = {
      groupId: GROUP,
      memberId: 'reader-1',
      groupInstanceId: null,
      reason: 'the application stops',
    };
    expect(joined(leaveGroupApi.encodeRequest(version, request))).toBe(hexOf(`LeaveGroupRequest v${version}`));
  });

  it('reads the error of the request, or else of its member', () => {
    expect(leaveGroupApi.decodeResponse(version, bytesOf(`LeaveGroupResponse v${version}`))).toEqual({
      throttleTimeMs: 24,
      errorCode: version >= 3 ? 25 : 0,
    });
    expect(leaveGroupApi.decodeResponse(version, bytesOf(`LeaveGroupResponse refused v${version}`))).toMatchObject({
      errorCode: 16,
    });
  });
});

describe.each([0, 1, 2, 3])('Subscription v%i, against the bytes of Kafka’s own classes', (version) => {
  const full: ConsumerSubscription = {
    topics: ['orders', 'Zahlungen-äöü'],
    userData: FIRST,
    ownedPartitions: [{ topic: 'orders', partitions: [0, 3] }],
    generationId: 42,
    rackId: 'rack-a',
  };
  const plain: ConsumerSubscription = {
    topics: ['orders'],
    userData: null,
    ownedPartitions: [],
    generationId: -1,
    rackId: null,
  };

  it('writes it', () => {
    expect(encodeSubscription(full, version).toString('hex')).toBe(hexOf(`Subscription v${version}`));
    expect(encodeSubscription(plain, version).toString('hex')).toBe(hexOf(`Subscription plain v${version}`));
  });

  it('reads it', () => {
    expect(decodeSubscription(bytesOf(`Subscription v${version}`))).toEqual({
      ...full,
      ownedPartitions: version >= 1 ? full.ownedPartitions : [],
      generationId: version >= 2 ? 42 : -1,
      rackId: version >= 3 ? 'rack-a' : null,
    });
    expect(decodeSubscription(bytesOf(`Subscription plain v${version}`))).toEqual(plain);
  });

  it('is read by kafkajs', () => {
    expect(kafkaJs.MemberMetadata.decode(encodeSubscription(full, version))).toEqual({
      version,
      topics: full.topics,
      userData: FIRST,
    });
  });
});

describe('A Subscription', () => {
  it('of a later version is read as far as it is known', () => {
    const later = Buffer.concat([bytesOf('Subscription v3'), Buffer.from([9, 9, 9])]);
    later.writeInt16BE(7, 0);
    expect(decodeSubscription(later)).toMatchObject({ topics: ['orders', 'Zahlungen-äöü'], rackId: 'rack-a' });
  });

  it('that is cut off is malformed, wherever that is', () => {
    const bytes = bytesOf('Subscription v3');
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeSubscription(bytes.subarray(0, length))).toThrow(MalformedResponseError);
    }
  });

  it('of a version below zero is malformed', () => {
    expect(() => decodeSubscription(Buffer.from('ffff0000000000000000', 'hex'))).toThrow(MalformedResponseError);
  });

  it('is written in a known version only', () => {
    const none = { topics: [], userData: null, ownedPartitions: [], generationId: -1, rackId: null };
    expect(() => encodeSubscription(none, 4)).toThrow(RangeError);
  });
});

describe('An Assignment', () => {
  const assignment = {
    topicPartitions: [
      { topic: 'orders', partitions: [0, 3] },
      { topic: 'b', partitions: [1] },
    ],
    userData: SECOND,
  };

  it('is written as Kafka writes it', () => {
    expect(encodeAssignment(assignment).toString('hex')).toBe(hexOf('Assignment v0'));
    expect(encodeAssignment({ topicPartitions: [], userData: null }).toString('hex')).toBe(hexOf('Assignment none v0'));
  });

  it.each([0, 1, 2, 3])('v%i is read', (version) => {
    expect(decodeAssignment(bytesOf(`Assignment v${version}`))).toEqual(assignment);
    expect(decodeAssignment(bytesOf(`Assignment none v${version}`))).toEqual({ topicPartitions: [], userData: null });
  });

  it('goes to kafkajs and comes from there', () => {
    const assigned = { orders: [0, 3], b: [1] };
    expect(kafkaJs.MemberAssignment.decode(encodeAssignment(assignment))).toEqual({
      version: 0,
      assignment: assigned,
      userData: SECOND,
    });
    const bytes = kafkaJs.MemberAssignment.encode({ version: 1, assignment: assigned, userData: SECOND });
    expect(decodeAssignment(bytes)).toEqual(assignment);
  });

  it('that is cut off is malformed, wherever that is', () => {
    const bytes = bytesOf('Assignment v0');
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeAssignment(bytes.subarray(0, length))).toThrow(MalformedResponseError);
    }
  });
});

describe.each([joinGroupApi, syncGroupApi, heartbeatApi, leaveGroupApi])('$name', (api) => {
  const spoken = versions(api);

  it.each(spoken)('v%i: an answer that is cut off or too long is malformed', (version) => {
    const bytes = bytesOf(`${api.name}Response v${version}`);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => api.decodeResponse(version, bytes.subarray(0, length))).toThrow(MalformedResponseError);
    }
    const longer = Buffer.concat([bytes, Buffer.from([0])]);
    expect(() => api.decodeResponse(version, longer)).toThrow(MalformedResponseError);
  });

  it('refuses versions whose layout it does not know', () => {
    expect(() => api.decodeResponse(api.minVersion - 1, Buffer.alloc(0))).toThrow(RangeError);
    expect(() => api.decodeResponse(api.maxVersion + 1, Buffer.alloc(0))).toThrow(RangeError);
  });
});

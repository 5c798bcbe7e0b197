import type { CoordinatorRequest } from '../../../../wire/coordinator-client.js';
import { encodeAssignment } from '../../../../wire/protocol/consumer-protocol.js';
import type { HeartbeatRequest } from '../../../../wire/protocol/heartbeat.js';
import type { JoinGroupRequest, JoinGroupResponse } from '../../../../wire/protocol/join-group.js';
import type { LeaveGroupRequest } from '../../../../wire/protocol/leave-group.js';
import type { SyncGroupRequest, SyncGroupResponse } from '../../../../wire/protocol/sync-group.js';
import type { GroupCoordinatorClient } from '../group-membership-api.js';

interface Requests {
  readonly JoinGroup: JoinGroupRequest;
  readonly SyncGroup: SyncGroupRequest;
  readonly Heartbeat: HeartbeatRequest;
  readonly LeaveGroup: LeaveGroupRequest;
}
type ApiName = keyof Requests;
/** An error code; an answer, partly or whole; an error to fail with; or one of these later. */
type Answer = number | object | Error;

interface Sent<Name extends ApiName = ApiName> {
  readonly api: Name;
  readonly request: Requests[Name];
  readonly timeoutMs: number;
}

/** A coordinator in memory with one member, which is not the leader; each next answer of an API can be scripted. */
export class FakeCoordinator implements GroupCoordinatorClient {
  public readonly sent: Sent[] = [];
  public disconnects = 0;
  /** Who answers. */
  public nodeId = 1;
  public generationId = 0;
  private readonly scripts = new Map<ApiName, (Answer | Promise<Answer>)[]>();
  private members = 0;

  /** What the next requests of an API are answered with; after that, success. */
  public next(api: ApiName, ...answers: readonly (Answer | Promise<Answer>)[]): this {
    this.scripts.set(api, [...(this.scripts.get(api) ?? []), ...answers]);
    return this;
  }

  public sentOf<Name extends ApiName>(api: Name): Requests[Name][] {
    return this.sent.filter((entry): entry is Sent<Name> => entry.api === api).map(({ request }) => request);
  }

  public async once<Request, Response>(call: CoordinatorRequest<Request, Response>): Promise<Response> {
    await Promise.resolve();
    const unwanted = call.cancelled?.() ?? null;
    if (unwanted !== null) throw unwanted;
    const api = call.api.name as ApiName;
    this.sent.push({ api, request: call.request as Requests[ApiName], timeoutMs: call.timeoutMs });
    const scripted = await this.scripts.get(api)?.shift();
    if (scripted instanceof Error) throw scripted;
    call.onAnswer?.(this.nodeId);
    const errorCode = typeof scripted === 'number' ? scripted : 0;
    const isRefused = errorCode !== 0 || (typeof scripted === 'object' && 'errorCode' in scripted);
    if (api === 'JoinGroup' && !isRefused) this.generationId++;
    const usual = { throttleTimeMs: 0, ...this.usual(api, call.request as Requests[ApiName]), errorCode };
    return { ...usual, ...(typeof scripted === 'object' ? scripted : {}) } as Response;
  }

  public disconnect(): void {
    this.disconnects++;
  }

  public close(): void {
    this.disconnects++;
  }

  private usual(
    api: ApiName,
    request: Requests[ApiName],
  ): Partial<Omit<JoinGroupResponse, 'errorCode'> & Omit<SyncGroupResponse, 'errorCode'>> {
    if (api === 'SyncGroup') {
      const topicPartitions = [{ topic: 't', partitions: [this.generationId] }];
      return {
        protocolType: 'consumer',
        protocolName: 'range',
        assignment: encodeAssignment({ topicPartitions, userData: null }),
      };
    }
    if (api !== 'JoinGroup') return {};
    const { memberId } = request as JoinGroupRequest;
    return {
      generationId: this.generationId,
      protocolType: 'consumer',
      protocolName: 'range',
      leader: 'leader',
      skipAssignment: false,
      memberId: memberId === '' ? `member-${++this.members}` : memberId,
      members: [],
    };
  }
}

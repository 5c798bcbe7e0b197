import type { CoordinatorRequest } from '../../../wire/coordinator-client.js';
import { CONSUMER_PROTOCOL_TYPE } from '../../../wire/protocol/consumer-protocol.js';
import { heartbeatApi } from '../../../wire/protocol/heartbeat.js';
import { joinGroupApi, type JoinGroupProtocol, type JoinGroupResponse } from '../../../wire/protocol/join-group.js';
import { leaveGroupApi } from '../../../wire/protocol/leave-group.js';
import { syncGroupApi, type SyncGroupAssignment, type SyncGroupResponse } from '../../../wire/protocol/sync-group.js';
import type { ConsumerConfig } from '../../consumer-config.js';
import type { GroupCoordinatorClient } from './group-membership-api.js';

/** What a coordinator may need beyond the rebalance timeout to answer a join. */
const JOIN_LAPSE_MS = 5_000;
/** A part of the session after which a silent connection is given up, so that there is time for another one. */
const SESSION_SHARE = 3;
/** The broker's limit (KIP-800). */
const MAX_REASON_LENGTH = 255;
/** Versions that carry the instance id. */
const JOIN_OF_STATIC_MEMBER = 5;

/** The requests of one group member. Each is sent once; the answer is the caller's to judge. */
export class GroupRequests {
  public constructor(
    private readonly coordinator: GroupCoordinatorClient,
    private readonly config: ConsumerConfig,
    /** Why nobody should join or assign any more, or null. */
    private readonly ended: () => Error | null,
    /** A broker has acknowledged the member in its generation. */
    private readonly onAcknowledged: (generationId: number, nodeId: number) => void,
  ) {}

  public join(
    memberId: string,
    protocols: readonly JoinGroupProtocol[],
    reason: string | null,
  ): Promise<JoinGroupResponse> {
    const { groupId, groupInstanceId, sessionTimeoutMs, maxPollIntervalMs } = this.config;
    return this.coordinator.once({
      api: joinGroupApi,
      minVersion: groupInstanceId === null ? joinGroupApi.minVersion : JOIN_OF_STATIC_MEMBER,
      timeoutMs: this.rebalanceRequestTimeoutMs,
      errorCode: errorCodeOf,
      // A join that is sent behind a LeaveGroup would leave a member behind that nobody is.
      cancelled: this.ended,
      request: {
        groupId,
        groupInstanceId,
        sessionTimeoutMs,
        rebalanceTimeoutMs: maxPollIntervalMs,
        memberId,
        protocolType: CONSUMER_PROTOCOL_TYPE,
        protocols,
        reason: shortened(reason),
      },
    });
  }

  /** Answered when the leader has handed in the assignments, or its session has ended. */
  public sync(
    { generationId, memberId, protocolName }: Pick<JoinGroupResponse, 'generationId' | 'memberId' | 'protocolName'>,
    assignments: readonly SyncGroupAssignment[],
  ): Promise<SyncGroupResponse> {
    const { groupId, groupInstanceId } = this.config;
    return this.acknowledged(generationId, {
      api: syncGroupApi,
      timeoutMs: this.rebalanceRequestTimeoutMs,
      errorCode: errorCodeOf,
      cancelled: this.ended,
      request: {
        groupId,
        groupInstanceId,
        generationId,
        memberId,
        protocolType: CONSUMER_PROTOCOL_TYPE,
        protocolName: protocolName ?? '',
        assignments,
      },
    });
  }

  /** @returns the error code of the answer */
  public async heartbeat(generationId: number, memberId: string): Promise<number> {
    const { groupId, groupInstanceId, requestTimeoutMs, sessionTimeoutMs } = this.config;
    const { errorCode } = await this.acknowledged(generationId, {
      api: heartbeatApi,
      request: { groupId, groupInstanceId, generationId, memberId },
      timeoutMs: Math.min(requestTimeoutMs, Math.ceil(sessionTimeoutMs / SESSION_SHARE)),
      errorCode: errorCodeOf,
    });
    return errorCode;
  }

  /** @returns the error code of the answer */
  public async leave(memberId: string, reason: string, timeoutMs: number): Promise<number> {
    const { groupId, requestTimeoutMs } = this.config;
    const { errorCode } = await this.coordinator.once({
      api: leaveGroupApi,
      request: { groupId, groupInstanceId: null, memberId, reason: shortened(reason) },
      timeoutMs: Math.min(timeoutMs, requestTimeoutMs),
      errorCode: errorCodeOf,
    });
    return errorCode;
  }

  private get rebalanceRequestTimeoutMs(): number {
    const { requestTimeoutMs, maxPollIntervalMs } = this.config;
    return Math.max(requestTimeoutMs, maxPollIntervalMs + JOIN_LAPSE_MS);
  }

  private async acknowledged<Request, Response extends { readonly errorCode: number }>(
    generationId: number,
    call: CoordinatorRequest<Request, Response>,
  ): Promise<Response> {
    let answeredBy = -1;
    const response = await this.coordinator.once({
      ...call,
      onAnswer: (nodeId) => {
        answeredBy = nodeId;
      },
    });
    if (response.errorCode === 0) this.onAcknowledged(generationId, answeredBy);
    return response;
  }
}

function errorCodeOf({ errorCode }: { readonly errorCode: number }): number {
  return errorCode;
}

function shortened(reason: string | null): string | null {
  return reason === null ? null : reason.slice(0, MAX_REASON_LENGTH);
}

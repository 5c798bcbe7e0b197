/**
 * What a producer or a committer does about an error:
 *
 * - `none`: no error.
 * - `retriable`: the same request may succeed later (Kafka's `RetriableException`).
 * - `refresh-retriable`: the same, after the leader or the coordinator has been looked up again (`InvalidMetadataException`,
 *   `RefreshRetriableException`).
 * - `abortable`: the transaction cannot commit; the producer goes on after an abort (KIP-1050). Outside of a transaction: final.
 * - `fatal`: no request of this client can succeed until it is made anew, or its settings or rights are changed.
 * - `non-retriable`: this request fails whenever it is sent; others are not concerned. It makes a transaction abortable.
 */
export type ErrorCategory = 'none' | 'retriable' | 'refresh-retriable' | 'abortable' | 'fatal' | 'non-retriable';

/** One of Kafka's error codes. */
export interface ErrorCodeInfo {
  readonly code: number;
  /** Kafka's name of it, e.g. `NOT_LEADER_OR_FOLLOWER`. */
  readonly name: string;
  readonly category: ErrorCategory;
  /** What to do about it, for people: one or two sentences. */
  readonly hint: string;
}

type ErrorRow = readonly [code: number, category: ErrorCategory, hint?: string];

const DEFAULT_HINTS: Readonly<Record<ErrorCategory, string>> = {
  none: '',
  retriable: 'It is worth trying again.',
  'refresh-retriable': 'It is worth trying again with fresh metadata.',
  abortable: 'Abort the transaction and run it again.',
  fatal: 'This client cannot go on; correct its settings or rights, then make a new one.',
  'non-retriable': 'The same request would fail again; see the name of the error, and the log of the broker.',
};

/**
 * Kafka 4.3's codes (`org.apache.kafka.common.protocol.Errors`). Categories follow the exception classes of the Java client, and for
 * what those leave to the caller, its `TransactionManager`: 22, 25, 27, 45, 47, 48, 59, 82 end a transaction, not the producer. Two
 * codes mean something worse when the *coordinator* sends them, which its caller has to see to: 47 is then 90, and 48 is fatal.
 */
const KNOWN_ERRORS = {
  UNKNOWN_SERVER_ERROR: [
    -1,
    'non-retriable',
    "The broker ran into a fault that it does not name; with Produce this is also how it answers a batch it cannot decompress. Look into the broker's log.",
  ],
  NONE: [0, 'none'],
  OFFSET_OUT_OF_RANGE: [1, 'non-retriable'],
  CORRUPT_MESSAGE: [2, 'retriable', 'The batch arrived damaged; it is sent again.'],
  UNKNOWN_TOPIC_OR_PARTITION: [
    3,
    'refresh-retriable',
    'Create the topic, check its name, or see whether this client may describe it; a topic just made may need a moment.',
  ],
  INVALID_FETCH_SIZE: [4, 'non-retriable'],
  LEADER_NOT_AVAILABLE: [
    5,
    'refresh-retriable',
    'The partition has no leader at the moment; an election usually takes seconds. If it stays so, see that enough brokers run.',
  ],
  NOT_LEADER_OR_FOLLOWER: [6, 'refresh-retriable', "The partition's leader has moved; the new one is looked up."],
  REQUEST_TIMED_OUT: [
    7,
    'retriable',
    "The broker's replicas did not answer in time; what was sent may be stored nevertheless.",
  ],
  BROKER_NOT_AVAILABLE: [8, 'non-retriable', "See whether the brokers named in the cluster's metadata are up."],
  REPLICA_NOT_AVAILABLE: [
    9,
    'refresh-retriable',
    'The replica is not there at the moment; metadata is asked for again.',
  ],
  MESSAGE_TOO_LARGE: [
    10,
    'non-retriable',
    "Raise the topic's max.message.bytes (and the consumers' fetch limits), or send smaller records, smaller batches or compressed ones.",
  ],
  STALE_CONTROLLER_EPOCH: [11, 'non-retriable'],
  OFFSET_METADATA_TOO_LARGE: [
    12,
    'non-retriable',
    'Shorten the metadata text committed with the offset, or raise offset.metadata.max.bytes on the brokers.',
  ],
  NETWORK_EXCEPTION: [13, 'refresh-retriable'],
  COORDINATOR_LOAD_IN_PROGRESS: [14, 'retriable', 'The coordinator is starting up; it is asked again.'],
  COORDINATOR_NOT_AVAILABLE: [
    15,
    'refresh-retriable',
    'The coordinator is not available; if it stays so, see that the internal topics __transaction_state and __consumer_offsets can be created with the brokers there are.',
  ],
  NOT_COORDINATOR: [16, 'refresh-retriable', 'The coordinator has moved; the new one is looked up.'],
  INVALID_TOPIC_EXCEPTION: [
    17,
    'non-retriable',
    "Use 1 to 249 characters out of a-z A-Z 0-9 . _ - as the topic's name, not . or .. alone, and do not write to internal topics.",
  ],
  RECORD_LIST_TOO_LARGE: [18, 'non-retriable', "Lower batchSize or raise the topic's segment.bytes."],
  NOT_ENOUGH_REPLICAS: [
    19,
    'retriable',
    'Fewer replicas are in sync than min.insync.replicas asks for, so nothing was stored; bring brokers back, or lower min.insync.replicas if that is acceptable.',
  ],
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: [
    20,
    'retriable',
    'The batch was stored on the leader, but too few replicas are in sync; it is sent again, which without idempotence may duplicate it.',
  ],
  INVALID_REQUIRED_ACKS: [21, 'non-retriable', 'Set acks to all, 1 or 0.'],
  ILLEGAL_GENERATION: [
    22,
    'abortable',
    "The consumer group has rebalanced: abort, and let the partitions' new owners process these records.",
  ],
  INCONSISTENT_GROUP_PROTOCOL: [23, 'non-retriable'],
  INVALID_GROUP_ID: [24, 'non-retriable', 'Set a group id that is not empty.'],
  UNKNOWN_MEMBER_ID: [
    25,
    'abortable',
    'The coordinator no longer counts this member to the group: abort, join again, and process from the committed offsets.',
  ],
  INVALID_SESSION_TIMEOUT: [26, 'non-retriable'],
  REBALANCE_IN_PROGRESS: [
    27,
    'abortable',
    'The consumer group is rebalancing: abort, and go on from the committed offsets after it has settled.',
  ],
  INVALID_COMMIT_OFFSET_SIZE: [28, 'non-retriable', 'Commit offsets of fewer partitions at once.'],
  TOPIC_AUTHORIZATION_FAILED: [
    29,
    'non-retriable',
    'Grant this user WRITE and DESCRIBE on the topic (for reading: READ), or correct the credentials.',
  ],
  GROUP_AUTHORIZATION_FAILED: [
    30,
    'non-retriable',
    'Grant this user READ on the consumer group, or correct the credentials.',
  ],
  CLUSTER_AUTHORIZATION_FAILED: [
    31,
    'fatal',
    'Grant this user IDEMPOTENT_WRITE on the cluster (needed by brokers before 3.0), or the right that the request needs.',
  ],
  INVALID_TIMESTAMP: [
    32,
    'non-retriable',
    "The record's timestamp is further from the broker's clock than message.timestamp.before.max.ms or message.timestamp.after.max.ms allow; give it in milliseconds, and check the clocks.",
  ],
  UNSUPPORTED_SASL_MECHANISM: [
    33,
    'fatal',
    'Choose a SASL mechanism that the listener has enabled (sasl.enabled.mechanisms).',
  ],
  ILLEGAL_SASL_STATE: [34, 'fatal', "Check that the client's SASL settings fit the listener it connects to."],
  UNSUPPORTED_VERSION: [
    35,
    'fatal',
    'The broker does not know this version of the request; update it, or leave out the feature that needs it.',
  ],
  TOPIC_ALREADY_EXISTS: [36, 'non-retriable', 'Use another name, or the topic that is there.'],
  INVALID_PARTITIONS: [37, 'non-retriable'],
  INVALID_REPLICATION_FACTOR: [38, 'non-retriable'],
  INVALID_REPLICA_ASSIGNMENT: [39, 'non-retriable'],
  INVALID_CONFIG: [40, 'non-retriable'],
  NOT_CONTROLLER: [41, 'retriable', 'The controller has moved; it is looked up again.'],
  INVALID_REQUEST: [42, 'non-retriable', "The request contradicts the protocol; the broker's log says in what."],
  UNSUPPORTED_FOR_MESSAGE_FORMAT: [
    43,
    'non-retriable',
    "The topic's message format is too old; set message.format.version to 0.11 or later.",
  ],
  POLICY_VIOLATION: [
    44,
    'non-retriable',
    'A policy on the brokers (create.topic.policy.class.name or similar) forbids it.',
  ],
  OUT_OF_ORDER_SEQUENCE_NUMBER: [
    45,
    'abortable',
    'Records before this batch are missing on the broker, or it is an old one repeated: abort the transaction; outside of one the producer takes a new epoch.',
  ],
  DUPLICATE_SEQUENCE_NUMBER: [46, 'non-retriable', 'The broker has stored this batch already: that counts as success.'],
  INVALID_PRODUCER_EPOCH: [
    47,
    'abortable',
    'Another producer with the same transactional id has taken over, or the broker aborted the transaction after transactionTimeoutMs; abort, and let the coordinator tell which.',
  ],
  INVALID_TXN_STATE: [
    48,
    'abortable',
    'The transaction was not in a state that allows it, for instance because the broker has ended it: abort and start a new one.',
  ],
  INVALID_PRODUCER_ID_MAPPING: [
    49,
    'fatal',
    'The transactional id now belongs to another producer id, usually because it was unused for transactional.id.expiration.ms; make a new producer.',
  ],
  INVALID_TRANSACTION_TIMEOUT: [
    50,
    'fatal',
    "Set the transaction's timeout to more than 0 and at most transaction.max.timeout.ms of the brokers (15 minutes by default).",
  ],
  CONCURRENT_TRANSACTIONS: [
    51,
    'retriable',
    'The former transaction of this id is still completing; the request is repeated within milliseconds.',
  ],
  TRANSACTION_COORDINATOR_FENCED: [
    52,
    'non-retriable',
    "The transaction's coordinator has been replaced while it wrote; the outcome is to be asked from the new one.",
  ],
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: [
    53,
    'fatal',
    'Grant this user WRITE and DESCRIBE on the transactional id, or choose an id it may use.',
  ],
  SECURITY_DISABLED: [
    54,
    'fatal',
    'The broker has no authorizer; set authorizer.class.name there, or do without ACLs.',
  ],
  OPERATION_NOT_ATTEMPTED: [55, 'non-retriable'],
  KAFKA_STORAGE_ERROR: [
    56,
    'refresh-retriable',
    'The broker cannot use the disk of this partition; another replica should take over. Check its log directories.',
  ],
  LOG_DIR_NOT_FOUND: [57, 'non-retriable'],
  SASL_AUTHENTICATION_FAILED: [58, 'fatal', 'Check user name, password and mechanism.'],
  UNKNOWN_PRODUCER_ID: [
    59,
    'abortable',
    'The broker knows nothing of this producer any more, probably since retention has removed its records: abort the transaction; outside of one the producer takes a new epoch.',
  ],
  REASSIGNMENT_IN_PROGRESS: [60, 'non-retriable'],
  DELEGATION_TOKEN_AUTH_DISABLED: [61, 'non-retriable'],
  DELEGATION_TOKEN_NOT_FOUND: [62, 'non-retriable'],
  DELEGATION_TOKEN_OWNER_MISMATCH: [63, 'non-retriable'],
  DELEGATION_TOKEN_REQUEST_NOT_ALLOWED: [64, 'non-retriable'],
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: [65, 'non-retriable'],
  DELEGATION_TOKEN_EXPIRED: [66, 'non-retriable'],
  INVALID_PRINCIPAL_TYPE: [67, 'non-retriable'],
  NON_EMPTY_GROUP: [68, 'non-retriable'],
  GROUP_ID_NOT_FOUND: [69, 'non-retriable', 'Check the group id; the group does not exist.'],
  FETCH_SESSION_ID_NOT_FOUND: [70, 'retriable'],
  INVALID_FETCH_SESSION_EPOCH: [71, 'retriable'],
  LISTENER_NOT_FOUND: [
    72,
    'refresh-retriable',
    'The broker offers no listener of the kind this client came in by; check advertised.listeners on every broker.',
  ],
  TOPIC_DELETION_DISABLED: [73, 'non-retriable'],
  FENCED_LEADER_EPOCH: [74, 'refresh-retriable', 'The leader has changed; metadata is asked for again.'],
  UNKNOWN_LEADER_EPOCH: [75, 'retriable', 'The broker does not know of the new leader yet; it is asked again.'],
  UNSUPPORTED_COMPRESSION_TYPE: [
    76,
    'non-retriable',
    'Set the compression to one that the topic and the broker support; zstd needs Kafka 2.1.',
  ],
  STALE_BROKER_EPOCH: [77, 'non-retriable'],
  OFFSET_NOT_AVAILABLE: [
    78,
    'retriable',
    'The leader has just been elected and does not know its offsets yet; it is asked again.',
  ],
  MEMBER_ID_REQUIRED: [79, 'non-retriable', 'Join again with the member id given in the answer.'],
  PREFERRED_LEADER_NOT_AVAILABLE: [80, 'refresh-retriable'],
  GROUP_MAX_SIZE_REACHED: [81, 'non-retriable', 'Raise group.max.size on the brokers, or run fewer members.'],
  FENCED_INSTANCE_ID: [
    82,
    'abortable',
    'Another member with the same group.instance.id has joined: give every instance an id of its own.',
  ],
  ELIGIBLE_LEADERS_NOT_AVAILABLE: [83, 'refresh-retriable'],
  ELECTION_NOT_NEEDED: [84, 'refresh-retriable'],
  NO_REASSIGNMENT_IN_PROGRESS: [85, 'non-retriable'],
  GROUP_SUBSCRIBED_TO_TOPIC: [86, 'non-retriable'],
  INVALID_RECORD: [
    87,
    'non-retriable',
    "The broker refused the record itself: the topic is compacted and the record has no key, or the batch is not consistent; the record's error message says which.",
  ],
  UNSTABLE_OFFSET_COMMIT: [
    88,
    'retriable',
    'A transaction still holds offsets of this partition; they are asked for again.',
  ],
  THROTTLING_QUOTA_EXCEEDED: [89, 'retriable', 'A quota is exceeded; send less, or ask for a higher one.'],
  PRODUCER_FENCED: [
    90,
    'fatal',
    'Another producer with the same transactional id has taken over. Let only one instance use an id at a time (set transactionalIdPrefix per instance), then make a new producer.',
  ],
  RESOURCE_NOT_FOUND: [91, 'non-retriable'],
  DUPLICATE_RESOURCE: [92, 'non-retriable'],
  UNACCEPTABLE_CREDENTIAL: [93, 'non-retriable'],
  INCONSISTENT_VOTER_SET: [94, 'non-retriable'],
  INVALID_UPDATE_VERSION: [95, 'non-retriable'],
  FEATURE_UPDATE_FAILED: [96, 'non-retriable'],
  PRINCIPAL_DESERIALIZATION_FAILURE: [97, 'non-retriable'],
  SNAPSHOT_NOT_FOUND: [98, 'non-retriable'],
  POSITION_OUT_OF_RANGE: [99, 'non-retriable'],
  UNKNOWN_TOPIC_ID: [100, 'refresh-retriable', 'The topic was deleted and made anew; metadata is asked for again.'],
  DUPLICATE_BROKER_REGISTRATION: [101, 'non-retriable'],
  BROKER_ID_NOT_REGISTERED: [102, 'non-retriable'],
  INCONSISTENT_TOPIC_ID: [
    103,
    'refresh-retriable',
    'The topic was deleted and made anew; metadata is asked for again.',
  ],
  INCONSISTENT_CLUSTER_ID: [104, 'non-retriable'],
  TRANSACTIONAL_ID_NOT_FOUND: [
    105,
    'non-retriable',
    'There is no such transactional id on the coordinator; it was never used, or has expired.',
  ],
  FETCH_SESSION_TOPIC_ID_ERROR: [106, 'retriable'],
  INELIGIBLE_REPLICA: [107, 'non-retriable'],
  NEW_LEADER_ELECTED: [108, 'non-retriable'],
  OFFSET_MOVED_TO_TIERED_STORAGE: [109, 'non-retriable'],
  FENCED_MEMBER_EPOCH: [110, 'non-retriable', "The group's coordinator has moved on without this member: join again."],
  UNRELEASED_INSTANCE_ID: [111, 'non-retriable'],
  UNSUPPORTED_ASSIGNOR: [112, 'non-retriable'],
  STALE_MEMBER_EPOCH: [113, 'non-retriable', "The member's epoch is behind the group's: join again."],
  MISMATCHED_ENDPOINT_TYPE: [114, 'non-retriable'],
  UNSUPPORTED_ENDPOINT_TYPE: [115, 'non-retriable'],
  UNKNOWN_CONTROLLER_ID: [116, 'non-retriable'],
  UNKNOWN_SUBSCRIPTION_ID: [117, 'non-retriable'],
  TELEMETRY_TOO_LARGE: [118, 'non-retriable'],
  INVALID_REGISTRATION: [119, 'non-retriable'],
  TRANSACTION_ABORTABLE: [120, 'abortable', 'The broker asks to abort the transaction: abort and run it again.'],
  INVALID_RECORD_STATE: [121, 'non-retriable'],
  SHARE_SESSION_NOT_FOUND: [122, 'retriable'],
  INVALID_SHARE_SESSION_EPOCH: [123, 'retriable'],
  FENCED_STATE_EPOCH: [124, 'non-retriable'],
  INVALID_VOTER_KEY: [125, 'non-retriable'],
  DUPLICATE_VOTER: [126, 'non-retriable'],
  VOTER_NOT_FOUND: [127, 'non-retriable'],
  INVALID_REGULAR_EXPRESSION: [128, 'non-retriable'],
  REBOOTSTRAP_REQUIRED: [
    129,
    'non-retriable',
    "The cluster's addresses have changed altogether: start again from the bootstrap servers.",
  ],
  STREAMS_INVALID_TOPOLOGY: [130, 'non-retriable'],
  STREAMS_INVALID_TOPOLOGY_EPOCH: [131, 'non-retriable'],
  STREAMS_TOPOLOGY_FENCED: [132, 'non-retriable'],
  SHARE_SESSION_LIMIT_REACHED: [133, 'retriable'],
} as const satisfies Readonly<Record<string, ErrorRow>>;

/** The code that belongs to one of Kafka's names, e.g. `ErrorCode.NOT_LEADER_OR_FOLLOWER`. */
export const ErrorCode: Readonly<Record<KafkaErrorName, number>> = mapCodes(KNOWN_ERRORS);

/** One of Kafka's names of an error. */
export type KafkaErrorName = keyof typeof KNOWN_ERRORS;

const infoByCode: ReadonlyMap<number, ErrorCodeInfo> = new Map(
  Object.entries<ErrorRow>(KNOWN_ERRORS).map(([name, [code, category, hint]]) => [
    code,
    { code, name, category, hint: hint ?? DEFAULT_HINTS[category] },
  ]),
);

/** What is known about an error code. Codes newer than this library are called `UNKNOWN_<code>` and count as `non-retriable`. */
export function lookupErrorCode(code: number): ErrorCodeInfo {
  return (
    infoByCode.get(code) ?? {
      code,
      name: `UNKNOWN_${code}`,
      category: 'non-retriable',
      hint: 'This library does not know the code; see the documentation and the log of the broker.',
    }
  );
}

/** All known errors, by ascending code. */
export function knownErrorCodes(): readonly ErrorCodeInfo[] {
  return [...infoByCode.values()];
}

/** Whether the same request may succeed if it is sent again. */
export function isRetriableCategory(category: ErrorCategory): boolean {
  return category === 'retriable' || category === 'refresh-retriable';
}

function mapCodes<Name extends string>(rows: Readonly<Record<Name, ErrorRow>>): Readonly<Record<Name, number>> {
  const codes: Partial<Record<Name, number>> = {};
  for (const name in rows) codes[name] = rows[name][0];
  return codes as Record<Name, number>;
}

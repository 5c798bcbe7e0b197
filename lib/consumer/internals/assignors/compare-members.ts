import type { AssignableMember } from './partition-assignor.js';

/**
 * The order in which members get their share: static ones first, by instance id, so that they keep it over restarts; then the others, by member id. Compares
 * UTF-16 units, as Java does: with a leader of another client the result has to be the same.
 */
export function compareMembers(one: AssignableMember, other: AssignableMember): number {
  if (one.groupInstanceId !== null && other.groupInstanceId !== null) {
    return compareStrings(one.groupInstanceId, other.groupInstanceId);
  }
  if (one.groupInstanceId !== null) return -1;
  if (other.groupInstanceId !== null) return 1;
  return compareStrings(one.memberId, other.memberId);
}

/** By UTF-16 units. */
export function compareStrings(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

import {
  waitUntil,
  type FaultDefinition,
  type FaultProxy,
  type FaultRule,
  type KafkaFrame,
} from '../../lib/testing/index.js';

const ANSWER_LIMIT_MS = 10_000;

export interface HeldRequest {
  readonly rule: FaultRule;
  /** The request is under way, and stuck. */
  readonly held: Promise<void>;
  /** Lets it go to the broker, and waits for the answer. */
  letThrough(): Promise<void>;
}

/** Holds back the first request of an API that the client sends from now on. */
export function holdBack(proxy: FaultProxy, api: NonNullable<FaultDefinition['api']>, clientId: string): HeldRequest {
  let release: () => void = () => undefined;
  const holdUntil = new Promise<void>((resolve) => {
    release = resolve;
  });
  let request: KafkaFrame | null = null;
  const isOurs: FaultDefinition['match'] = (frame) => {
    if (frame.clientId !== clientId) return false;
    request ??= frame;
    return true;
  };
  const rule = proxy.on({ api, phase: 'request', action: { holdUntil }, match: isOurs });
  const answered = proxy.on({
    api,
    phase: 'response',
    action: { delayMs: 0 },
    match: (frame) => frame.request === request,
  });
  return {
    rule,
    held: rule.triggered(),
    letThrough: async () => {
      release();
      await waitUntil(`the answer to the late ${String(api)}`, ANSWER_LIMIT_MS, () => answered.count > 0, 5);
    },
  };
}

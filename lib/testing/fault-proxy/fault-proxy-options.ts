import type { LogSink } from '../../wire/log-sink.js';
import type { FaultPhase } from './fault.js';

/** One broker to stand in front of. */
export interface FaultProxyBroker {
  /** Node id of the broker, by which rules and isolation name it. */
  readonly nodeId: number;
  /** Port to listen on at 127.0.0.1; 0 chooses a free one between 20000 and 32000. */
  readonly listenPort: number;
  readonly targetHost: string;
  readonly targetPort: number;
}

export interface FaultProxyOptions {
  readonly brokers: readonly FaultProxyBroker[];
  /** Gets a line per connection and fault, never payloads. Silent by default. */
  readonly log?: LogSink;
}

/** Latency of the network. */
export interface LatencyOptions {
  /** Milliseconds each frame is held, in each direction: a round trip takes twice as long. */
  readonly ms: number;
  /** Each frame's own latency lies evenly between `ms - jitterMs` and `ms + jitterMs`, not below 0. Default 0. */
  readonly jitterMs?: number;
  /** Only on this way; both by default. */
  readonly phase?: FaultPhase;
  /** Node ids; all brokers by default. */
  readonly brokers?: readonly number[];
  /** Source of numbers from 0 to below 1, for runs that can be repeated from a seed. Default `Math.random`. */
  readonly random?: () => number;
}

/** Node ids; all brokers if left out. */
export interface BrokerSelection {
  readonly brokers?: readonly number[];
}

/** A client's open connection. */
export interface ProxyConnectionInfo {
  readonly nodeId: number;
  /** From its requests; null before the first, or if it sends none. */
  readonly clientId: string | null;
}

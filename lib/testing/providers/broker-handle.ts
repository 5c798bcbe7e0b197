/** One broker, wherever it runs: what the cluster needs to start it, end it and make it misbehave. */
export interface BrokerHandle {
  readonly nodeId: number;
  /** Both streams of the broker, across restarts. */
  readonly logFile: string;
  /** The process id, where the broker is a process of this machine. */
  readonly pid: number | undefined;
  isAlive(): boolean;
  /** For messages, once it is no longer alive. */
  howItEnded(): string;
  start(): void;
  /** SIGKILL; resolves when it has ended. */
  kill(): Promise<void>;
  /** SIGTERM; resolves when it has ended. */
  terminate(): Promise<void>;
  /** SIGSTOP: connections stay open, nothing is answered once this resolves. */
  pause(): Promise<void>;
  /** SIGCONT. */
  resume(): Promise<void>;
}

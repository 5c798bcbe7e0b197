import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { IsolationLevel } from '../../lib/consumer/consumer-config.js';
import { DEFAULT_KAFKA_VERSION } from '../../lib/testing/kafka-test-cluster-options.js';
import { JavaTools } from '../../lib/testing/providers/java-tools.js';
import type { CompressionType } from '../../lib/wire/compression/compression-codec.js';
import { silentLog } from '../../lib/wire/log-sink.js';
import { sharedCluster } from '../support/broker.js';
import { QUICK_JVM } from '../support/java-tool.js';
import type { PlainRecord } from './plain-record.js';

const SOURCE = fileURLToPath(new URL('./fixtures/JavaClient.java', import.meta.url));

/** Its bytes are Base64. */
interface JsonRecord {
  readonly partition: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [name: string, value: string | null])[];
  readonly timestamp: number;
}

/** Kafka's Java clients in one process of their own, which does one thing after the other. `await using` ends it. */
export class JavaClient implements AsyncDisposable {
  private errors = '';
  private readonly answers: AsyncIterator<string>;
  private readonly ended: Promise<unknown>;
  private last: Promise<unknown> = Promise.resolve();

  private constructor(private readonly process: ChildProcess) {
    const { stderr, stdout } = process;
    if (stdout === null || stderr === null) throw new Error('Java was started without pipes');
    this.answers = createInterface({ input: stdout })[Symbol.asyncIterator]();
    stderr.on('data', (text) => (this.errors += String(text)));
    this.ended = once(process, 'close');
  }

  public static async start(): Promise<JavaClient> {
    const tools = await JavaTools.find(DEFAULT_KAFKA_VERSION, silentLog);
    return new JavaClient(
      tools.spawn(SOURCE, [sharedCluster().bootstrapServers().join(',')], [...QUICK_JVM, '-Dstdout.encoding=UTF-8']),
    );
  }

  public async write(topic: string, compression: CompressionType, records: readonly PlainRecord[]): Promise<void> {
    await this.ask({ do: 'write', topic, compression, records: records.map(toJson) });
  }

  /** One transaction; without an outcome it stays open. */
  public async transact(
    topic: string,
    transactionalId: string,
    outcome: 'commit' | 'abort' | 'none',
    records: readonly PlainRecord[],
  ): Promise<void> {
    await this.ask({ do: 'transact', topic, transactionalId, outcome, records: records.map(toJson) });
  }

  /** All that a topic holds for a reader of that isolation. */
  public async read(topic: string, isolation: IsolationLevel = 'read_uncommitted'): Promise<PlainRecord[]> {
    const records = (await this.ask({ do: 'read', topic, isolation })) as readonly JsonRecord[];
    return records.map(fromJson);
  }

  /** What it gets as a member of the group until nothing more has come for `idleMs`; all of that is committed. */
  public async consume(topic: string, groupId: string, idleMs: number): Promise<PlainRecord[]> {
    const records = (await this.ask({ do: 'consume', topic, groupId, idleMs })) as readonly JsonRecord[];
    return records.map(fromJson);
  }

  public async [Symbol.asyncDispose](): Promise<void> {
    this.process.stdin?.end();
    await this.ended;
  }

  /** One answer follows one command, so the next command waits for the answer to the last. */
  private ask(command: object): Promise<unknown> {
    const answer = this.last.then(async () => {
      this.process.stdin?.write(`${JSON.stringify(command)}\n`);
      const { done, value: line } = await this.answers.next();
      if (done === true) throw new Error(`The Java client has ended: ${this.errors}`);
      const result: unknown = JSON.parse(line);
      if (!Array.isArray(result)) throw new Error(`The Java client has failed: ${line} ${this.errors}`);
      return result;
    });
    this.last = answer.catch(() => undefined);
    return answer;
  }
}

function toJson({ headers, key, timestamp, value }: PlainRecord): Omit<JsonRecord, 'partition'> {
  return {
    key: toBase64(key),
    value: toBase64(value),
    headers: headers.map(([name, content]) => [name, toBase64(content)]),
    timestamp,
  };
}

function fromJson({ headers, key, timestamp, value }: JsonRecord): PlainRecord {
  return {
    key: fromBase64(key),
    value: fromBase64(value),
    headers: headers.map(([name, content]) => [name, fromBase64(content)]),
    timestamp,
  };
}

function toBase64(bytes: Buffer | null): string | null {
  return bytes === null ? null : bytes.toString('base64');
}

function fromBase64(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text, 'base64');
}

import { describe, expect, it, jest } from '@jest/globals';
import { type ChildProcess, execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { sharedCluster, uniqueTopic, waitFor } from '../support/broker.js';
import { cli, CLI_COMMAND, shell, spawnCli } from '../support/cli.js';

jest.setTimeout(60_000);

const run = promisify(execFile);
const servers = sharedCluster().bootstrapServers().join(',');
const env = { KAFKA_BROKERS: servers };

async function hasScript(): Promise<boolean> {
  return run('script', ['--version']).then(
    () => true,
    () => false,
  );
}

describe('the process', () => {
  it('has exit codes for scripts, data on standard output, and one line on standard error', async () => {
    const topic = uniqueTopic('cli-process');
    const { exitCode, stderr, stdout } = await shell(
      `
        nest-kafka topics create --topic ${topic} --json | node -e 'console.log(JSON.parse(fs.readFileSync(0)).partitions)'; echo $?
        nest-kafka topics list --bootstrap-server 127.0.0.1:1; echo $?
        nest-kafka topics list --confg x; echo $?
      `,
      env,
    );
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '1\n0\n1\n2\n' });
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(
        /^error: No Kafka broker answers at 127\.0\.0\.1:1 \(ECONNREFUSED\)\..*nest-kafka broker up$/,
      ),
      "error: unknown option '--confg' (Did you mean --config?) See --help.",
    ]);
  });

  it('ends quietly when nobody reads its output', async () => {
    const { exitCode, stderr } = await shell('nest-kafka topics describe | true; nest-kafka --help | true', env);
    expect({ exitCode, stderr: stderr.replaceAll(/^warning: .*\n/gm, '') }).toEqual({ exitCode: 0, stderr: '' });
  });

  it('shows tables with borders on a terminal', async () => {
    if (!(await hasScript())) return;
    const command = CLI_COMMAND.map((word) => `'${word}'`).join(' ');
    const { stdout } = await run('script', ['-qec', `${command} topics list --topic __consumer_offsets`, '/dev/null'], {
      env: { ...process.env, ...env },
    });
    expect(stdout).toContain('│ __consumer_offsets │');
  });

  it('ends with 130 when Ctrl-C comes in the middle of work', async () => {
    // Nobody ever answers behind this address.
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    if (typeof address !== 'object' || address === null) throw new Error('No port.');
    const connected = once(silent, 'connection');
    const child = spawnCli(['topics', 'list', '--bootstrap-server', `127.0.0.1:${address.port}`]);
    await connected;
    child.kill('SIGINT');
    const [code, signal]: unknown[] = await once(child, 'exit');
    silent.close();
    expect({ code, signal }).toEqual({ code: 130, signal: null });
  });
});

describe('broker up', () => {
  interface UpBroker {
    readonly child: ChildProcess;
    readonly bootstrapServers: readonly string[];
    readonly told: () => string;
  }

  async function up(): Promise<UpBroker> {
    // What KAFKA_BROKERS names is somebody else's cluster: the broker is one of its own all the same.
    const child = spawnCli(['broker', 'up', '--json'], env);
    let printed = '';
    let told = '';
    child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()));
    await waitFor(() => printed.trimEnd().endsWith('}'), { what: 'the addresses', limitMs: 60_000 });
    return { child, bootstrapServers: JSON.parse(printed).bootstrapServers, told: () => told };
  }

  it('prints the addresses when Kafka is ready, keeps it running until SIGTERM, and ends with 0', async () => {
    const { bootstrapServers, child } = await up();
    expect(bootstrapServers).not.toEqual(servers.split(','));
    const listed = await cli(['topics', 'list', '--bootstrap-server', bootstrapServers.join(',')]);
    expect(listed).toMatchObject({ exitCode: 0, stderr: '' });
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    const after = await cli(['topics', 'list', '--bootstrap-server', bootstrapServers.join(',')]);
    expect(after).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('No Kafka broker answers') });
  });

  it('ends with 1 when Kafka has ended by itself', async () => {
    const { child, told } = await up();
    const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=,comm=']);
    const kafka = stdout
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .find(([, parent, command]) => parent === String(child.pid) && command?.endsWith('java'));
    const exited = once(child, 'exit');
    process.kill(Number(kafka?.[0]), 'SIGKILL');
    expect(await exited).toEqual([1, null]);
    expect(told()).toMatch(/^error: Broker 1 is stopped \(signal SIGKILL\)\. [^\n]+\n$/m);
  });
});

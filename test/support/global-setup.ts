import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ClusterHostMessage } from './cluster-host.js';

// Jest loads this file as CommonJS, which can load none of the library's sources; so the cluster lives in a process of its own.

const OPTIONS = { listeners: ['ssl', 'sasl_plaintext', 'sasl_ssl'], spareFaultListeners: 4 };

/** Starts the one cluster that all tests of the `broker` project share; its description goes to the workers in a variable. */
export default async function startSharedCluster(_: unknown, project: { readonly rootDir: string }): Promise<void> {
  const support = join(project.rootDir, 'test', 'support');
  const host = fork(join(support, 'cluster-host.ts'), [JSON.stringify(OPTIONS)], {
    execArgv: ['--import', pathToFileURL(join(support, 'typescript.mjs')).href],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const stop = async (): Promise<void> => {
    const exited = once(host, 'exit');
    host.disconnect();
    await exited;
  };
  const message = await firstMessage(host);
  if ('error' in message) {
    await stop();
    throw new Error(message.error.message);
  }
  process.env['KAFKA_TEST_SHARED_CLUSTER'] = JSON.stringify(message.description);
  Reflect.set(globalThis, 'stopSharedCluster', stop);
}

function firstMessage(host: ChildProcess): Promise<ClusterHostMessage> {
  return new Promise((resolve, reject) => {
    host.once('error', reject);
    host.once('exit', (code) => reject(new Error(`The shared cluster did not start (exit code ${String(code)}).`)));
    host.once('message', (message: ClusterHostMessage) => resolve(message));
  });
}

// Runs as a process of its own beside the brokers. Its stdin is a pipe from the process that started them: when that process ends
// in whatever way, SIGKILL included, the pipe closes, and whatever is still registered is killed and removed. Then it ends itself.
// One command per line: what to do with what, for example "kill 4711" or "remove-directory /tmp/x", and "forget" in front to take it back.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';

const registered = new Set();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);

for await (const line of createInterface({ input: process.stdin })) {
  if (line.startsWith('forget ')) registered.delete(line.slice('forget '.length));
  else registered.add(line);
}

const actions = {
  kill: (pid) => {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  },
  'remove-container': (name) => spawnSync('docker', ['rm', '--force', '--volumes', name], { stdio: 'ignore' }),
  'remove-network': (name) => spawnSync('docker', ['network', 'rm', name], { stdio: 'ignore' }),
  'remove-directory': (path) => rmSync(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }),
};

// In this order: nothing can be removed while it is in use.
for (const [action, perform] of Object.entries(actions)) {
  for (const line of registered) {
    if (line.startsWith(`${action} `)) perform(line.slice(action.length + 1));
  }
}

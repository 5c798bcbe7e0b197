import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const LIMIT_MS = 180_000;

/**
 * Runs npm in a folder, with the user's own registry and cache, and gives back what it prints.
 * @throws Error with all that npm has said, when it fails
 */
export async function runNpm(folder: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await run('npm', args, {
      cwd: folder,
      env: npmEnvironment(),
      maxBuffer: 64 * 1024 * 1024,
      timeout: LIMIT_MS,
    });
    return stdout;
  } catch (error) {
    const { message, stdout = '', stderr = '' } = error as Error & { stdout?: string; stderr?: string };
    throw new Error(`npm ${args.join(' ')} failed: ${message}\n${stdout}${stderr}`, { cause: error });
  }
}

/** What npm tells the scripts that it runs is about the package of these tests, not about the one in that folder. */
function npmEnvironment(): NodeJS.ProcessEnv {
  const isOfScript = (name: string): boolean => /^npm_(package|lifecycle|config_local_prefix|command)/.test(name);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isOfScript(name)));
}

import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { chmod, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheRoot, cachedDirectory } from './cache-directory.js';

const run = promisify(execFile);
/** Guards a throw-away key for 127.0.0.1 in a test cache; Java refuses keystores without a password. */
const PASSWORD = 'test-keystore';
const ONE_DAY_MS = 86_400_000;

export interface TlsKeystore {
  /** A PKCS12 file with a self-signed certificate for 127.0.0.1 and localhost. */
  readonly path: string;
  readonly password: string;
  /** The certificate as PEM: what a client has to trust. */
  readonly ca: string;
}

/** Runs `keytool` with these arguments, able to write into the directory. */
export type Keytool = (args: readonly string[], directory: string) => Promise<unknown>;

export function localKeytool(command: string): Keytool {
  return (args) => run(command, args);
}

/** The cached keystore of the test brokers; made with `keytool` when there is none or it is about to expire. */
export async function tlsKeystore(keytool: Keytool): Promise<TlsKeystore> {
  const directory = join(cacheRoot(), 'tls');
  const cached = await read(directory, keytool);
  if (Date.parse(new X509Certificate(cached.ca).validTo) > Date.now() + ONE_DAY_MS) return cached;
  await rm(directory, { recursive: true, force: true });
  return read(directory, keytool);
}

async function read(directory: string, keytool: Keytool): Promise<TlsKeystore> {
  await cachedDirectory(directory, (temporary) => generate(temporary, keytool));
  const ca = await readFile(join(directory, 'ca.pem'), 'utf8');
  return { path: join(directory, 'keystore.p12'), password: PASSWORD, ca };
}

async function generate(directory: string, keytool: Keytool): Promise<void> {
  const keystore = ['-keystore', join(directory, 'keystore.p12'), '-storetype', 'PKCS12', '-storepass', PASSWORD];
  const entry = ['-alias', 'broker', ...keystore];
  const key = ['-keyalg', 'EC', '-groupname', 'secp256r1', '-validity', '3650'];
  const names = ['-dname', 'CN=127.0.0.1', '-ext', 'SAN=dns:localhost,ip:127.0.0.1', '-ext', 'BC:critical=ca:true'];
  await keytool(['-genkeypair', ...entry, ...key, ...names], directory);
  // In a container the broker is another user.
  await chmod(join(directory, 'keystore.p12'), 0o644);
  await keytool(['-exportcert', '-rfc', '-file', join(directory, 'ca.pem'), ...entry], directory);
}

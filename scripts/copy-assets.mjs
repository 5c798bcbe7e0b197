// Copies what the compiler leaves out (the pom, the watchdog script) from lib to dist/lib, to the same relative places.
import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const ASSET = /\.(mjs|xml)$/;

for (const path of readdirSync('lib', { recursive: true, encoding: 'utf8' })) {
  if (ASSET.test(path)) cpSync(join('lib', path), join('dist', 'lib', path));
}

// `node --import ./test/support/typescript.mjs file.ts` runs TypeScript sources as they are, for processes that tests start: they
// have to see the same code as the test, without a build.
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);

// For `node --import`: what the sample imports by the package's name comes from the sources, as in Jest, not from the last build.
import { register } from 'node:module';

register(new URL('./public-entries-hooks.mjs', import.meta.url));

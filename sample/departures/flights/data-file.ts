import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

/** Where a data file of the package `vega-datasets` lies. */
export function dataFile(name: string): string {
  return join(dirname(require.resolve('vega-datasets')), '..', 'data', name);
}

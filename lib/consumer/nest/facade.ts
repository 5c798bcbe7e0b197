import { UnsupportedOperationError } from './unsupported-operation-error.js';

/** What JavaScript itself asks of any object: of a promise, of JSON. */
const SILENT: ReadonlySet<PropertyKey> = new Set([
  'then',
  'toJSON',
  'constructor',
  'inspect',
  'nodeType',
  'asymmetricMatch',
]);

/**
 * Stands in for an object of kafkajs with some of its methods. The others throw when they are read, so that code which relies on one learns of it at once.
 * @param advice what to use instead of the others, by their names; `''` for those without
 */
export function createFacade(
  name: string,
  methods: Readonly<Record<string, unknown>>,
  advice: Readonly<Record<string, string>> & { readonly '': string },
): object {
  return new Proxy(methods, {
    get: (target, property): unknown => {
      if (typeof property === 'symbol' || Object.hasOwn(target, property)) return Reflect.get(target, property);
      if (SILENT.has(property)) return undefined;
      const instead = Object.hasOwn(advice, property) ? advice[property] : advice[''];
      throw new UnsupportedOperationError(`${name}.${property} is not there: ${instead}`);
    },
  });
}

import { CompressionCodecUnavailableError } from './compression-codec-unavailable-error.js';
import type { CompressionType } from './compression-codec.js';

/** A function of a package whose types are not known until it is loaded. */
export type PackageFunction = (...parameters: readonly unknown[]) => unknown;

/** Loads a package by its name; a parameter so that its absence can be tested. */
export type PackageImporter = (packageName: string) => Promise<unknown>;

/**
 * The functions of an optional package by their names.
 *
 * @throws CompressionCodecUnavailableError if the package is not there, does not load, or has no such functions
 */
export async function loadFunctions<const Names extends readonly string[]>(
  type: CompressionType,
  packageName: string,
  names: Names,
  importer: PackageImporter,
): Promise<{ [Index in keyof Names]: PackageFunction }> {
  const loaded = await loadPackage(type, packageName, importer);
  const functions = names.map((name) => {
    const found = functionOf(loaded, name) ?? functionOf(defaultExport(loaded), name);
    if (found === null) throw new CompressionCodecUnavailableError(type, packageName, `lacks the function ${name}`);
    return found;
  });
  return functions as { [Index in keyof Names]: PackageFunction };
}

async function loadPackage(type: CompressionType, packageName: string, importer: PackageImporter): Promise<unknown> {
  try {
    return await importer(packageName);
  } catch (cause) {
    const reason = isAbsent(cause) ? 'is not installed' : 'does not load on this machine';
    throw new CompressionCodecUnavailableError(type, packageName, reason, cause);
  }
}

/** Node says ERR_MODULE_NOT_FOUND, loaders that take its place also MODULE_NOT_FOUND. */
function isAbsent(cause: unknown): boolean {
  const code: unknown = typeof cause === 'object' && cause !== null ? Reflect.get(cause, 'code') : undefined;
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
}

function defaultExport(loaded: unknown): unknown {
  return typeof loaded === 'object' && loaded !== null ? Reflect.get(loaded, 'default') : undefined;
}

/** A function held by an object, as one to call without it, or null if there is none of that name. */
export function functionOf(holder: unknown, name: string): PackageFunction | null {
  if (typeof holder !== 'object' || holder === null) return null;
  const found: unknown = Reflect.get(holder, name);
  return typeof found === 'function' ? (...parameters) => Reflect.apply(found, holder, parameters) : null;
}

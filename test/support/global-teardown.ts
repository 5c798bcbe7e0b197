/** Stops what the global set-up has started; it runs in the same process, but with modules of its own. */
export default async function stopSharedCluster(): Promise<void> {
  const stop: unknown = Reflect.get(globalThis, 'stopSharedCluster');
  if (typeof stop === 'function') await Reflect.apply(stop, undefined, []);
}

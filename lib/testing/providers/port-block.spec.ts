import { describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:net';
import { PortBlock } from './port-block.js';

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

describe('PortBlock', () => {
  it('gives different ports to everybody who asks at the same time', async () => {
    const blocks = await Promise.all(Array.from({ length: 8 }, () => PortBlock.reserve()));
    const ports = await Promise.all(blocks.flatMap((block) => [block.take(), block.take(), block.take()]));
    expect(new Set(ports).size).toBe(24);
    for (const port of ports) {
      expect(port).toBeGreaterThan(20_000);
      expect(port).toBeLessThan(32_000);
    }
    await Promise.all(blocks.map((block) => block.release()));
  });

  it('passes over a port that another program listens on', async () => {
    const block = await PortBlock.reserve();
    const first = await block.take();
    const occupied = await listen(first + 1);
    expect(await block.take()).toBe(first + 2);
    occupied.close();
    await block.release();
  });

  it('gives ports on which a broker can listen', async () => {
    const block = await PortBlock.reserve();
    const server = await listen(await block.take());
    expect(server.listening).toBe(true);
    server.close();
    await block.release();
  });

  it('says so when a cluster wants more ports than there are', async () => {
    const block = await PortBlock.reserve();
    const takeAll = async (): Promise<void> => {
      for (let i = 0; i < 64; i++) await block.take();
    };
    await expect(takeAll()).rejects.toThrow('at most 63 ports');
    await block.release();
  });

  it('can be released twice', async () => {
    const block = await PortBlock.reserve();
    await block.release();
    await expect(block.release()).resolves.toBeUndefined();
  });
});

import { BufferMemory } from './buffer-memory.js';

describe('BufferMemory', () => {
  it('gives what it has, to the last byte, and nothing that it has not', () => {
    const memory = new BufferMemory(100, () => undefined);
    expect([memory.tryAllocate(60), memory.tryAllocate(41), memory.tryAllocate(40), memory.tryAllocate(1)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect(memory.availableBytes).toBe(0);
    expect(memory.tryAllocate(0)).toBe(true);
  });

  it('tells of each release, when the bytes are there', () => {
    const seen: number[] = [];
    const memory: BufferMemory = new BufferMemory(100, () => seen.push(memory.availableBytes));
    memory.tryAllocate(100);
    memory.release(30);
    memory.release(70);
    expect(seen).toEqual([30, 100]);
    expect(memory.releases).toBe(2);
  });

  it('moves from the first release on, until all is free', () => {
    const memory = new BufferMemory(100, () => undefined);
    memory.tryAllocate(100);
    expect(memory.isMoving).toBe(false);
    memory.release(10);
    expect(memory.isMoving).toBe(true);
    memory.release(90);
    expect(memory.isMoving).toBe(false);
    memory.tryAllocate(100);
    expect(memory.isMoving).toBe(false);
  });

  it('never has more than its total', () => {
    const memory = new BufferMemory(100, () => undefined);
    memory.release(50);
    expect(memory.availableBytes).toBe(100);
  });
});

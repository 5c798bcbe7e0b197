import { createRandom, type Random } from '../../../test/support/random.js';
import { turns } from '../../wire/spec-support/until.js';
import { KeyLanes, type LaneTask } from './key-lanes.js';

const PARTITION = { name: 'flights-0' };

function lane(key: string | null, partition: object = PARTITION): { partition: object; key: Buffer | null } {
  return { partition, key: key === null ? null : Buffer.from(key) };
}

/** Tasks that begin and end as the test says. */
class Bench {
  public readonly log: string[] = [];
  public readonly errors: unknown[] = [];
  public readonly lanes: KeyLanes;
  private readonly open = new Map<string, () => void>();

  constructor(limit: number) {
    this.lanes = new KeyLanes(limit, (error) => this.errors.push(error));
  }

  get running(): string[] {
    return [...this.open.keys()];
  }

  push(key: string | null, name: string, partition?: object): void {
    this.lanes.push(lane(key, partition), this.task(name));
  }

  task(name: string): LaneTask {
    return async () => {
      this.log.push(name);
      await this.held(name);
    };
  }

  held(name: string): Promise<void> {
    return new Promise((resolve) => {
      this.open.set(name, resolve);
    });
  }

  async end(name: string): Promise<void> {
    const resolve = this.open.get(name);
    if (resolve === undefined) throw new Error(`${name} is not running`);
    this.open.delete(name);
    resolve();
    await turns(3);
  }
}

describe('KeyLanes', () => {
  it('runs the tasks of one key one after the other, in order', async () => {
    const bench = new Bench(10);
    for (const name of ['a1', 'a2', 'a3']) bench.push('a', name);
    expect(bench.running).toEqual(['a1']);
    await bench.end('a1');
    expect(bench.running).toEqual(['a2']);
    await bench.end('a2');
    await bench.end('a3');
    expect(bench.log).toEqual(['a1', 'a2', 'a3']);
    expect(bench.lanes.size).toBe(0);
  });

  it('runs different keys side by side', async () => {
    const bench = new Bench(10);
    bench.push('a', 'a1');
    bench.push('a', 'a2');
    bench.push('b', 'b1');
    expect(bench.running).toEqual(['a1', 'b1']);
    await bench.end('b1');
    expect(bench.running).toEqual(['a1']);
  });

  it('tells keys by their bytes, and those of different partitions apart', () => {
    const bench = new Bench(10);
    bench.lanes.push({ partition: PARTITION, key: Buffer.from([0xff, 0xfe]) }, bench.task('first'));
    bench.lanes.push({ partition: PARTITION, key: Buffer.from([0xff, 0xfe]) }, bench.task('same'));
    bench.lanes.push({ partition: PARTITION, key: Buffer.from([0xff, 0xfd]) }, bench.task('other'));
    bench.push('a', 'here');
    bench.push('a', 'there', { name: 'flights-1' });
    expect(bench.running).toEqual(['first', 'other', 'here', 'there']);
  });

  it('runs records without a key one after the other per partition, and not as those with an empty key', () => {
    const bench = new Bench(10);
    bench.push(null, 'n1');
    bench.push(null, 'n2');
    bench.push('', 'empty');
    bench.push(null, 'elsewhere', { name: 'flights-1' });
    expect(bench.running).toEqual(['n1', 'empty', 'elsewhere']);
  });

  it('runs no more than the limit', async () => {
    const bench = new Bench(2);
    for (const name of ['a', 'b', 'c', 'd']) bench.push(name, name);
    expect(bench.running).toEqual(['a', 'b']);
    await bench.end('b');
    expect(bench.running).toEqual(['a', 'c']);
  });

  it('gives every lane its turn before one has its second', async () => {
    const bench = new Bench(1);
    for (const name of ['a1', 'a2', 'a3']) bench.push('a', name);
    bench.push('b', 'b1');
    bench.push('c', 'c1');
    for (const name of ['a1', 'b1', 'c1', 'a2', 'a3']) await bench.end(name);
    expect(bench.log).toEqual(['a1', 'b1', 'c1', 'a2', 'a3']);
  });

  it('starts what is pushed from within a task without nesting', async () => {
    const lanes = new KeyLanes(1, () => undefined);
    let count = 0;
    const again: LaneTask = async () => {
      count++;
      if (count < 20_000) lanes.push(lane(String(count)), again);
    };
    lanes.push(lane('first'), again);
    await lanes.drained();
    expect(count).toBe(20_000);
  });

  describe('a parked task', () => {
    it('does not count against the limit, but its lane waits for it', async () => {
      const bench = new Bench(1);
      bench.lanes.push(lane('a'), async (park) => {
        bench.log.push('a1 begins');
        await park(() => bench.held('wait'));
        bench.log.push('a1 goes on');
        await bench.held('a1');
      });
      bench.push('a', 'a2');
      bench.push('b', 'b1');
      expect(bench.running).toEqual(['wait', 'b1']);
      expect(bench.lanes.size).toBe(3);
      await bench.end('b1');
      expect(bench.running).toEqual(['wait']);
      await bench.end('wait');
      expect(bench.running).toEqual(['a1']);
      await bench.end('a1');
      expect(bench.log).toEqual(['a1 begins', 'b1', 'a1 goes on', 'a2']);
    });

    it('goes on only when there is room again', async () => {
      const bench = new Bench(1);
      bench.lanes.push(lane('a'), async (park) => {
        await park(() => bench.held('wait'));
        await bench.held('a1');
      });
      bench.push('b', 'b1');
      await bench.end('wait');
      expect(bench.running).toEqual(['b1']);
      await bench.end('b1');
      expect(bench.running).toEqual(['a1']);
    });

    it('goes on when its wait has failed, too, with that error', async () => {
      const bench = new Bench(1);
      bench.lanes.push(lane('a'), async (park) => {
        await park(() => Promise.reject(new Error('no more'))).catch((error: unknown) => bench.log.push(String(error)));
      });
      await bench.lanes.drained();
      expect(bench.log).toEqual(['Error: no more']);
      bench.push('b', 'b1');
      expect(bench.running).toEqual(['b1']);
    });

    it('gives its room back once when it ends without waiting for its wait', async () => {
      const bench = new Bench(1);
      bench.lanes.push(lane('a'), (park) => {
        void park(() => bench.held('wait'));
        return Promise.resolve();
      });
      await turns(3);
      bench.push('b', 'b1');
      bench.push('c', 'c1');
      await bench.end('wait');
      expect(bench.running).toEqual(['b1']);
      await bench.end('b1');
      expect(bench.running).toEqual(['c1']);
      await bench.end('c1');
      bench.push('d', 'd1');
      bench.push('e', 'e1');
      expect(bench.running).toEqual(['d1']);
    });

    it('may wait for two things at once, and even after its end, without making more room', async () => {
      const bench = new Bench(1);
      let late: (() => Promise<void>) | null = null;
      bench.lanes.push(lane('a'), async (park) => {
        late = () => park(() => bench.held('late'));
        await Promise.all([park(() => bench.held('one')), park(() => bench.held('two'))]);
      });
      bench.push('b', 'b1');
      bench.push('c', 'c1');
      expect(bench.running).toEqual(['one', 'two', 'b1']);
      await bench.end('one');
      await bench.end('two');
      await bench.end('b1');
      expect(bench.running).toEqual(['c1']);
      void (late as (() => Promise<void>) | null)?.();
      bench.push('d', 'd1');
      await turns();
      expect(bench.running).toEqual(['c1', 'late']);
      await bench.end('late');
      await bench.end('c1');
      expect(bench.running).toEqual(['d1']);
    });

    it('may end in the very moment in which it is let on', async () => {
      const bench = new Bench(1);
      bench.lanes.push(lane('a'), async (park) => {
        const waiting = park(() => bench.held('wait'));
        await Promise.race([bench.held('a1'), waiting.then(() => bench.log.push('woken'))]);
      });
      void bench.end('wait');
      await bench.end('a1');
      bench.push('b', 'b1');
      bench.push('c', 'c1');
      expect(bench.running).toEqual(['b1']);
    });
  });

  it('tells of a task that rejects, and goes on', async () => {
    const bench = new Bench(1);
    bench.lanes.push(lane('a'), () => Promise.reject(new Error('broken')));
    bench.lanes.push(lane('a'), () => {
      throw new Error('broken at once');
    });
    bench.push('a', 'a3');
    await turns();
    expect(bench.errors.map(String)).toEqual(['Error: broken', 'Error: broken at once']);
    expect(bench.running).toEqual(['a3']);
  });

  describe('when cleared', () => {
    it('drops what waits and lets what runs go on', async () => {
      const bench = new Bench(1);
      for (const name of ['a1', 'a2']) bench.push('a', name);
      bench.push('b', 'b1');
      bench.lanes.clear();
      expect(bench.lanes.size).toBe(1);
      let isDrained = false;
      const drained = bench.lanes.drained().then(() => {
        isDrained = true;
      });
      await turns();
      expect(isDrained).toBe(false);
      await bench.end('a1');
      await drained;
      expect(bench.log).toEqual(['a1']);
    });

    it('keeps a key in order that still has a task running', async () => {
      const bench = new Bench(5);
      for (const name of ['a1', 'a2']) bench.push('a', name);
      bench.lanes.clear();
      bench.push('a', 'again');
      bench.push('b', 'b1');
      expect(bench.running).toEqual(['a1', 'b1']);
      await bench.end('a1');
      expect(bench.running).toEqual(['b1', 'again']);
    });

    it('leaves other partitions alone', async () => {
      const other = { name: 'flights-1' };
      const bench = new Bench(1);
      bench.push('a', 'a1');
      bench.push('b', 'b1');
      bench.push('c', 'c1', other);
      bench.lanes.clear(PARTITION);
      await bench.end('a1');
      await bench.lanes.drained(PARTITION);
      expect(bench.running).toEqual(['c1']);
      expect(bench.lanes.size).toBe(1);
      await bench.end('c1');
      await bench.lanes.drained(other);
    });
  });

  it('is drained at once when nothing is there', async () => {
    const lanes = new KeyLanes(1, () => undefined);
    await lanes.drained();
    await lanes.drained(PARTITION);
    expect(lanes.size).toBe(0);
  });

  it('keeps order, limit and everybody busy, whatever happens', async () => {
    expect.hasAssertions();
    const random = createRandom();
    for (let story = 0; story < 40; story++) await play(random);
  });
});

interface Running {
  readonly laneName: string;
  end: () => void;
}

/** Pushes, parks, wakes and ends tasks in a random order. */
async function play(random: Random): Promise<void> {
  const limit = random.integer(1, 6);
  const errors: unknown[] = [];
  const lanes = new KeyLanes(limit, (error) => errors.push(error));
  const partitions: [{ name: string }, { name: string }] = [{ name: 'first' }, { name: 'second' }];
  const keys = random.integer(1, 10);
  const begun = new Map<string, number[]>();
  const pushed = new Map<string, number>();
  const running: Running[] = [];
  const parked: Running[] = [];
  const take = (from: Running[]): Running | undefined => from.splice(random.integer(0, from.length - 1), 1)[0];

  const work = (laneName: string): Promise<'parks' | 'ends'> =>
    new Promise((resolve) => {
      const entry = { laneName, end: () => resolve(random.next() < 0.3 ? 'parks' : 'ends') };
      running.push(entry);
    });
  const sleep = (laneName: string): Promise<void> =>
    new Promise((resolve) => {
      parked.push({ laneName, end: resolve });
    });
  const pushOne = (): void => {
    const partition = random.pick(partitions);
    const key = random.integer(0, keys);
    const laneName = `${partition.name} ${key}`;
    const number = pushed.get(laneName) ?? 0;
    pushed.set(laneName, number + 1);
    lanes.push({ partition, key: key === 0 ? null : Buffer.from([key]) }, async (park) => {
      begun.set(laneName, [...(begun.get(laneName) ?? []), number]);
      while ((await work(laneName)) === 'parks') await park(() => sleep(laneName));
      if (random.next() < 0.05) throw new Error('a task should not');
    });
  };
  const check = (): void => {
    const busy = [...running, ...parked].map(({ laneName }) => laneName);
    expect(new Set(busy).size).toBe(busy.length);
    expect(running.length).toBeLessThanOrEqual(limit);
    // Nobody idles while there is something to do: every lane that is not parked could work.
    if (running.length === limit) return;
    const idle = [...pushed].filter(([name, count]) => (begun.get(name)?.length ?? 0) < count && !busy.includes(name));
    expect(idle).toEqual([]);
  };

  for (let step = 0; step < 120; step++) {
    const dice = random.next();
    if (dice < 0.5) pushOne();
    else if (dice < 0.8) take(running)?.end();
    else take(parked)?.end();
    await turns(2);
    check();
  }
  while (running.length + parked.length > 0) {
    take(running)?.end();
    take(parked)?.end();
    await turns(2);
  }
  await lanes.drained();
  expect(lanes.size).toBe(0);
  for (const [laneName, count] of pushed) {
    expect(begun.get(laneName)).toEqual(Array.from({ length: count }, (_, index) => index));
  }
}

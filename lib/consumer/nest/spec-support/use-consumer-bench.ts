import { jest } from '@jest/globals';
import {
  type ConsumerBench,
  type ConsumerBenchOptions,
  createConsumerBench,
  startConsumerBench,
} from './consumer-bench.js';

type Controllers = ConsumerBenchOptions['controllers'];

/** Applications that are closed after each test. */
export interface ConsumerBenches {
  start(
    controllers: Controllers[number] | Controllers,
    rest?: Omit<ConsumerBenchOptions, 'controllers'>,
  ): Promise<ConsumerBench>;
  create(options: ConsumerBenchOptions): Promise<ConsumerBench>;
}

/** To be called at the top of a spec. */
export function useConsumerBench(): ConsumerBenches {
  const open: ConsumerBench[] = [];
  afterEach(async () => {
    for (const { app } of open.splice(0)) await app.close();
    jest.restoreAllMocks();
  });
  const kept = async (making: Promise<ConsumerBench>): Promise<ConsumerBench> => {
    const bench = await making;
    open.push(bench);
    return bench;
  };
  return {
    start: (controllers, rest = {}) => kept(startConsumerBench({ controllers: [controllers].flat(), ...rest })),
    create: (options) => kept(createConsumerBench(options)),
  };
}

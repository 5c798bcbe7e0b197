import { expect, it } from '@jest/globals';
import { nearNames } from './near-names.js';

it('finds names with a letter more, less, or another one, the nearest first', () => {
  expect(nearNames('ordres', ['payments', 'ordres-12', 'order', 'orders'])).toEqual(['order', 'orders']);
});

it('finds nothing where nothing is alike, and at most three', () => {
  expect(nearNames('orders', ['payments', 'users'])).toEqual([]);
  expect(nearNames('topic', ['topic1', 'topic2', 'topic3', 'topic4'])).toEqual(['topic1', 'topic2', 'topic3']);
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sharedCluster, waitFor } from '../support/broker.js';
import { ChromiumPage, findChromium } from './chromium.js';
import { Sample } from './sample-process.js';

const FLIGHTS = 3000;
const LIMIT_MS = 90_000;
const executable = findChromium();
if (executable === null)
  console.warn('SKIPPED: the page in a browser, as there is no Chromium. apt-get install chromium');

/** In a real browser: the sample as `npm start` runs it, looked at while it goes on. */
(executable === null ? describe.skip : describe)('the page of the sample', () => {
  let sample: Sample;
  let page: ChromiumPage;
  let url: string;
  let topic: string;

  beforeAll(async () => {
    sample = new Sample(['--flights', String(FLIGHTS)], { PORT: '0' });
    url = await sample.has(/Watch the departures at (http\S+)/);
    topic = await sample.has(/the topic (departures-\w+)/);
    page = await ChromiumPage.open(executable ?? '');
    await page.goTo(`${url}/`);
  }, LIMIT_MS);

  afterAll(async () => {
    await page[Symbol.asyncDispose]();
    sample.process.kill('SIGINT');
    expect(await sample.exit()).toBe(0);
  }, LIMIT_MS);

  const textOf = (id: string): Promise<string> => page.evaluate(`document.getElementById('${id}').innerText`);
  const shows = (id: string, text: string): Promise<void> =>
    waitFor(async () => (await textOf(id)).includes(text), { what: `${text} in ${id}`, limitMs: 60_000 });
  const post = (departure: object): Promise<Response> =>
    fetch(`${url}/departures`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ origin: 'ORD', date: '2001-01-14T08:30:00Z', distance: 760, ...departure }),
    });

  it(
    'shows the departures of all airports while they come in, without being loaded again',
    async () => {
      await shows('departures', FLIGHTS.toLocaleString('en'));
      await shows('connection', 'Live');
      const circles = await page.evaluate<number>("document.querySelectorAll('#airports circle[class^=level]').length");
      expect(circles).toBeGreaterThan(150);
      const chicago = await page.evaluate<string>('document.querySelector("circle[data-iata=ORD] title").textContent');
      expect(chicago).toMatch(
        /^ORD, Chicago O'Hare International: [\d,]+ departures, -?[\d.]+ minutes late on average, \d+ over an hour$/,
      );
      expect((await textOf('busiest')).split('\n')).toHaveLength(8);
      expect(page.log.requests).toEqual([`${url}/`, `${url}/events`]);
    },
    LIMIT_MS,
  );

  it(
    'shows that the three groups have nothing left to do',
    async () => {
      await sample.has(/(Try:)/);
      await waitFor(async () => (await textOf('groups')).split('\n').every((row) => row.endsWith('\t0')), {
        what: 'no lag',
      });
      const rows = (await textOf('groups')).split('\n').map((row) => row.split('\t').slice(0, 2));
      expect(rows).toEqual([
        ['board', 'every 5 s'],
        ['audit log', 'each batch'],
        ['delays', 'in transactions'],
      ]);
    },
    LIMIT_MS,
  );

  it(
    'shows a late departure as an alert, and one that goes nowhere as a dead letter',
    async () => {
      expect((await post({ destination: 'SFO', delay: 777 })).status).toBe(201);
      await shows('alerts', 'ORD\tSFO\t777');
      await shows('departures', (FLIGHTS + 1).toLocaleString('en'));
      const { offset, partition } = (await (await post({ destination: 'ORD' })).json()) as Record<string, string>;
      await shows('letters', `${topic}-${partition} @ ${offset}\tA flight from ORD to ORD.`);
      expect(await textOf('deadLetters')).toBe('1');
    },
    LIMIT_MS,
  );

  it(
    'shows what is data as text, whatever it says',
    async () => {
      const markup = '<img src=x onerror=alert(1)>';
      const producer = sharedCluster().kafkaJs().producer();
      await producer.connect();
      const value = { sequence: 0, origin: markup, destination: markup, date: 'never', delay: 0, distance: 1 };
      await producer.send({ topic, messages: [{ partition: 0, key: markup, value: JSON.stringify(value) }] });
      await producer.disconnect();
      await shows('letters', `A flight from ${markup} to ${markup}.`);
      expect(await page.evaluate("document.querySelectorAll('img').length")).toBe(0);
    },
    LIMIT_MS,
  );

  it('fits on a phone, and is dark where the user likes it dark', async () => {
    const ground = (): Promise<string> => page.evaluate('getComputedStyle(document.body).backgroundColor');
    await page.show(390, 844, 'light');
    const light = await ground();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    await page.show(1280, 1000, 'dark');
    expect(await ground()).not.toBe(light);
  });

  it('has nothing to complain about', () => {
    expect(page.log.problems).toEqual([]);
  });
});

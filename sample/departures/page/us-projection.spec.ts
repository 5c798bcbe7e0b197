import { describe, expect, it } from '@jest/globals';
import { Airports } from '../flights/airports.js';
import { UsMap } from './us-map.js';
import { type Point, project } from './us-projection.js';

function placeOf(iata: string): Point {
  const airport = new Airports().find(iata);
  const point = project(Number(airport?.longitude), Number(airport?.latitude));
  if (point === null) throw new Error(`${iata} is not on the map.`);
  return point;
}

describe('project', () => {
  it('puts airports where one looks for them', () => {
    const [seattle, losAngeles, boston, miami] = ['SEA', 'LAX', 'BOS', 'MIA'].map(placeOf) as [
      Point,
      Point,
      Point,
      Point,
    ];
    expect(seattle.y).toBeLessThan(losAngeles.y);
    expect(boston.y).toBeLessThan(miami.y);
    expect(losAngeles.x).toBeLessThan(miami.x);
    // From coast to coast it is about as far as 0.62 radians, on a scale of 1150.
    expect(Math.hypot(losAngeles.x - boston.x, losAngeles.y - boston.y)).toBeCloseTo(4180 * (1150 / 6371), -1);
  });

  it('puts Alaska, Hawaii and Puerto Rico below the mainland', () => {
    for (const iata of ['ANC', 'HNL', 'SJU']) expect(placeOf(iata).y).toBeGreaterThan(placeOf('SAN').y);
  });

  it('keeps the Aleutian Islands together on both sides of the 180th meridian', () => {
    const [adak, shemya] = [project(-176.64, 51.88), project(174.11, 52.71)];
    expect(shemya?.x).toBeLessThan(adak?.x ?? 0);
    expect(Math.hypot((shemya?.x ?? 0) - (adak?.x ?? 0), (shemya?.y ?? 0) - (adak?.y ?? 0))).toBeLessThan(60);
  });

  it('has no place for airports elsewhere', () => {
    expect(project(144.8, 13.5)).toBeNull(); // Guam
    expect(project(Number.NaN, Number.NaN)).toBeNull();
  });
});

describe('UsMap', () => {
  it('draws all states as closed lines, each airport of the mainland within their bounds', () => {
    const { outlines } = new UsMap();
    expect(outlines).toMatch(/^(M[\d.,L-]+Z)+$/);
    const corners = [...outlines.matchAll(/([\d.]+),([\d.]+)/g)].map(([, x, y]) => ({ x: Number(x), y: Number(y) }));
    const xs = corners.map(({ x }) => x);
    for (const iata of ['SEA', 'LAX', 'BOS', 'MIA', 'ORD']) {
      expect(placeOf(iata).x).toBeGreaterThan(Math.min(...xs));
      expect(placeOf(iata).x).toBeLessThan(Math.max(...xs));
    }
    // The steps that nobody would see are left out.
    expect(outlines.length).toBeLessThan(100_000);
  });
});

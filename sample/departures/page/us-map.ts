import { Injectable } from '@nestjs/common';
import { readFileSync } from 'node:fs';
import { dataFile } from '../flights/data-file.js';
import { type Point, project } from './us-projection.js';

/** What of TopoJSON is needed here: borders ("arcs") are stored once, as steps of whole numbers, and shapes name them; `~i` is border i backwards. */
interface Topology {
  readonly arcs: readonly (readonly (readonly [number, number])[])[];
  readonly transform: { readonly scale: readonly [number, number]; readonly translate: readonly [number, number] };
  readonly objects: { readonly states: { readonly geometries: readonly Shape[] } };
}
type Shape =
  | { readonly type: 'Polygon'; readonly arcs: readonly (readonly number[])[] }
  | { readonly type: 'MultiPolygon'; readonly arcs: readonly (readonly (readonly number[])[])[] };

/** Steps that are shorter are left out: nobody would see them. */
const SHORTEST_STEP = 1.2;

/** The outlines of the states. */
@Injectable()
export class UsMap {
  private path: string | null = null;

  /** As the `d` of an SVG path. */
  public get outlines(): string {
    this.path ??= drawStates(JSON.parse(readFileSync(dataFile('us-10m.json'), 'utf8')) as Topology);
    return this.path;
  }
}

function drawStates(topology: Topology): string {
  const borders = topology.arcs.map((arc) => decode(arc, topology));
  const rings = topology.objects.states.geometries.flatMap((shape) =>
    shape.type === 'Polygon' ? shape.arcs : shape.arcs.flat(),
  );
  return rings.map((ring) => drawRing(ring.flatMap((index) => border(borders, index)))).join('');
}

function decode(arc: Topology['arcs'][number], { transform }: Topology): (Point | null)[] {
  const { scale, translate } = transform;
  let [x, y] = [0, 0];
  return arc.map(([dx, dy]) => {
    x += dx;
    y += dy;
    return project(x * scale[0] + translate[0], y * scale[1] + translate[1]);
  });
}

function border(borders: readonly (readonly (Point | null)[])[], index: number): readonly (Point | null)[] {
  return index >= 0 ? (borders[index] ?? []) : [...(borders[~index] ?? [])].reverse();
}

function drawRing(points: readonly (Point | null)[]): string {
  const steps: string[] = [];
  let last: Point | null = null;
  for (const point of points) {
    if (point === null) continue;
    if (last !== null && Math.hypot(point.x - last.x, point.y - last.y) < SHORTEST_STEP) continue;
    steps.push(`${point.x.toFixed(1)},${point.y.toFixed(1)}`);
    last = point;
  }
  return steps.length < 3 ? '' : `M${steps.join('L')}Z`;
}

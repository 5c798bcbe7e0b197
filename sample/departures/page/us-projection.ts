const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** A place on the drawing, in its units, from the top left corner. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export const MAP_SIZE = { width: 960, height: 600 } as const;

/** An area of its own on the map: which places it holds, and how it is projected (Albers' equal-area conic). */
interface Area {
  readonly holds: (longitude: number, latitude: number) => boolean;
  readonly parallels: readonly [south: number, north: number];
  /** This place of the earth comes to this place of the drawing. */
  readonly center: readonly [longitude: number, latitude: number];
  readonly at: readonly [x: number, y: number];
  /** Units of the drawing for one radian. */
  readonly scale: number;
}

const AREAS: readonly Area[] = [
  {
    holds: (longitude, latitude) => latitude > 24 && latitude < 50 && longitude > -130 && longitude < -60,
    parallels: [29.5, 45.5],
    center: [-96.6, 38.7],
    at: [480, 275],
    scale: 1150,
  },
  {
    // The Aleutian Islands go on beyond the 180th meridian.
    holds: (longitude, latitude) => latitude > 50 && (longitude < -129 || longitude > 170),
    parallels: [55, 65],
    center: [-156, 58.5],
    at: [160, 510],
    scale: 400,
  },
  {
    holds: (longitude, latitude) => latitude > 18 && latitude < 24 && longitude < -150,
    parallels: [8, 18],
    center: [-160, 19.9],
    at: [300, 540],
    scale: 1150,
  },
  {
    holds: (longitude, latitude) => latitude < 20 && longitude > -70 && longitude < 0,
    parallels: [8, 18],
    center: [-66, 18.2],
    at: [880, 550],
    scale: 1150,
  },
];

/** Where a place is on the usual map of the United States, with Alaska, Hawaii and Puerto Rico below; null for one that is not on it. */
export function project(longitude: number, latitude: number): Point | null {
  const area = AREAS.find(({ holds }) => holds(longitude, latitude));
  if (area === undefined) return null;
  const { at, center, parallels, scale } = area;
  const [south, north] = [radians(parallels[0]), radians(parallels[1])];
  const cone = (Math.sin(south) + Math.sin(north)) / 2;
  const constant = Math.cos(south) ** 2 + 2 * cone * Math.sin(south);
  const radius = (degrees: number): number => Math.sqrt(constant - 2 * cone * Math.sin(radians(degrees))) / cone;
  // At most half a turn, either way.
  const turn = cone * radians(((longitude - center[0] + 540) % 360) - 180);
  return {
    x: at[0] + scale * radius(latitude) * Math.sin(turn),
    y: at[1] + scale * (radius(latitude) * Math.cos(turn) - radius(center[1])),
  };
}

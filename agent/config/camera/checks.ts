/** What has to fit together in a camera and what becomes of it: secrets, references, shapes; and the resolved cameras. */
import { dirname, resolve } from 'node:path';
import type { BaySpec, CameraConfig, LaneSpec, PrivacyConfig, Spot } from '../../core/camera.ts';
import { definedOnly } from '../device/profile.ts';
import { nearest, type Path } from '../problem.ts';
import { formatDuration } from '../values.ts';
import type { CameraFile, PrivacyFile } from './schema.ts';

type Say = (path: Path, message: string, fix?: string) => void;

interface Numbered<T> {
  readonly index: number;
  readonly item: T;
}

/** `points`: ids of the points of each device that is right in itself. */
export function checkCamera(
  { index, item }: Numbered<CameraFile>,
  floor: number,
  points: ReadonlyMap<string, readonly { readonly id: string }[]>,
  written: readonly string[],
  models: readonly string[] | undefined,
  say: Say,
): void {
  const at = (...path: Path): Path => ['cameras', index, ...path];
  if (item.password !== undefined && item.username === undefined) {
    say(at('username'), 'missing: password needs username', 'write username: viewer');
  }
  if (item.transport !== undefined && !item.source.startsWith('rtsp')) {
    say(at('transport'), 'transport is for rtsp:// only', 'remove it');
  }
  if (item.every < floor) {
    const least = formatDuration(floor);
    say(at('every'), `shorter than privacy.floor, which is ${least}`, `write every: ${least}`);
  }
  for (const key of ['models', 'shadow'] as const) {
    for (const [task, name] of Object.entries(item[key] ?? {})) {
      if (name === undefined || models === undefined || models.includes(name)) continue;
      const close = nearest(name, models);
      const fix = close === undefined ? `kerbside models add <folder of ${name}>` : `write ${task}: ${close}`;
      say(at(key, task), `expected a model: ${models.join(', ')}, got "${name}"`, fix);
    }
  }
  const taken = new Map<string, string>();
  for (const list of ['lines', 'zones', 'lanes', 'bays'] as const) {
    item[list].forEach(({ id }, i) => {
      const first = taken.get(id);
      if (first === undefined) taken.set(id, `${list}[${i}]`);
      else say(at(list, i, 'id'), `the id ${id} is taken by ${first}`, 'write another id');
    });
  }
  item.lines.forEach(({ from, to }, i) => {
    if (from[0] === to[0] && from[1] === to[1]) {
      say(at('lines', i, 'to'), 'the line has no length', 'write another place');
    }
  });
  const needsVehicles = item.lines.length + item.lanes.length + item.bays.length > 0;
  if (needsVehicles && !item.tasks.includes('vehicles')) {
    say(at('tasks'), 'lines, lanes and bays need the task vehicles', 'write tasks: [vehicles]');
  }
  item.zones.forEach(({ counts, polygon }, i) => {
    const task = counts === 'faces' ? 'faces' : 'vehicles';
    if (!item.tasks.includes(task)) {
      say(at('zones', i, 'counts'), `a zone of ${counts} needs the task ${task}`, `add ${task} to tasks`);
    }
    if (area(polygon) === 0) say(at('zones', i, 'polygon'), 'the polygon has no area', 'draw it again');
  });
  item.lanes.forEach(({ points: corners }, i) => {
    if (!convex(corners)) {
      say(
        at('lanes', i, 'points'),
        'the four points are not the corners of a rectangle seen from somewhere',
        'write start left, start right, end right, end left',
      );
    }
  });
  item.bays.forEach(({ charger, polygon }, i) => {
    if (area(polygon) === 0) say(at('bays', i, 'polygon'), 'the polygon has no area', 'draw it again');
    if (charger === undefined) return;
    const known = points.get(charger.device);
    const path = at('bays', i, 'charger', known === undefined ? 'device' : 'point');
    if (known === undefined) {
      if (written.includes(charger.device)) return;
      say(path, `there is no device ${charger.device}`, `write one of ${[...points.keys()].join(', ')}`);
    } else if (!known.some(({ id }) => id === charger.point)) {
      const ids = known.map(({ id }) => id).join(', ');
      say(path, `${charger.device} has no point ${charger.point}`, `write one of ${ids}`);
    }
  });
}

export function cameraOf(
  item: CameraFile,
  password: string | undefined,
  privacy: PrivacyConfig,
  file: string,
): CameraConfig {
  const { title, position, models, shadow, username, transport, budget, ...camera } = item;
  const titled = <T extends { readonly id: string; readonly title?: CameraFile['title'] }>(part: T) => ({
    ...part,
    title: part.title ?? { en: part.id },
  });
  return {
    id: camera.id,
    title: title ?? { en: camera.id },
    source: withPath(camera.source, file),
    ...definedOnly({ username, password, transport, position, budget }),
    ...definedOnly({ models: models && definedOnly(models), shadow: shadow && definedOnly(shadow) }),
    rate: camera.rate,
    tasks: camera.tasks,
    preview: camera.preview && privacy.preview,
    every: camera.every,
    lines: camera.lines.map(titled),
    zones: camera.zones.map((zone) => definedOnly(titled(zone))),
    // The schema takes exactly four corners.
    lanes: camera.lanes.map((lane) => titled(lane) as unknown as LaneSpec),
    bays: camera.bays.map((bay) => definedOnly(titled(bay)) as BaySpec),
    ...(privacy.holdBelow === 0 ? {} : { holdBelow: privacy.holdBelow }),
  };
}

export function privacyOf({ operator, contact, hold_below: holdBelow, ...rest }: PrivacyFile): PrivacyConfig {
  return { ...rest, holdBelow, ...definedOnly({ operator, contact }) };
}

/** Clips and folders lie relative to the site file. */
function withPath(source: string, file: string): string {
  const local = /^(clip|folder):(.+)$/.exec(source);
  return local === null ? source : `${local[1]}:${resolve(dirname(file), local[2] ?? '')}`;
}

/** Twice the area of a polygon, with the sign of its turn. */
function turn(polygon: readonly Spot[]): number {
  return polygon.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = polygon[(i + 1) % polygon.length] ?? [x, y];
    return sum + x * nextY - nextX * y;
  }, 0);
}

const area = (polygon: readonly Spot[]) => Math.abs(turn(polygon)) / 2;

/** True where every corner turns the same way, and none lies between its neighbours. */
function convex(corners: readonly Spot[]): boolean {
  const signs = corners.map((corner, i) => {
    const count = corners.length;
    const before = corners[(i + count - 1) % count] ?? corner;
    const after = corners[(i + 1) % count] ?? corner;
    return Math.sign(turn([before, corner, after]));
  });
  return signs[0] !== 0 && signs.every((sign) => sign === signs[0]);
}

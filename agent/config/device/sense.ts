/** The `sense:` block of a profile and of a device: what may be believed of its points. The same keys in both. */
import * as z from 'zod';
import { ID_PATTERN } from '../../core/point.ts';
import { NO_RULES, type SenseRules } from '../../core/rules.ts';
import { nearest } from '../problem.ts';
import { duration, id, number } from '../values.ts';

const SECOND = 1000;
const DAY = 86_400 * SECOND;
const anything = () => number(-1e15, 1e15, 0);
const pointName = z.string().regex(ID_PATTERN, 'expected the id of a point');

const condition = z
  .strictObject({
    device: id('station').optional().describe('Default: the device itself'),
    point: id('wind-speed'),
    at_least: anything().optional().describe('It holds while the point is at least this'),
    at_most: anything().optional().describe('It holds while the point is at most this'),
  })
  .describe('Holds while the value lies between the bounds');

const pointRules = z.strictObject({
  modulus: number(1e-6, 1e15, 1_000_000)
    .optional()
    .describe('A counter goes back to 0 here. Default: guessed'),
  most_per_hour: number(1e-9, 1e15, 500)
    .optional()
    .describe('More of a counter in an hour is no consumption. Default: by its unit'),
  frozen_after: duration(10 * SECOND, 30 * DAY, '1h')
    .optional()
    .describe('The same value (but 0) for longer is uncertain: frozen'),
  most_step: number(1e-9, 1e15, 50)
    .optional()
    .describe('A larger step between two readings is uncertain until the readings after it stay there'),
  valid_while: z.array(condition).min(1).optional().describe('Otherwise uncertain: outside-conditions'),
});

const sum = z
  .strictObject({
    total: id('power-active-total').describe('Point that has to equal the sum of the parts'),
    parts: z.array(id('power-active-l1')).min(2).describe('Points that are added'),
    within: number(0, 100, 2).prefault(2).describe('Allowed difference, % of the total'),
    least: number(0, 1e12, 10).prefault(0).describe('Allowed difference, at least, in the unit of the total'),
  })
  .describe('A total that is the sum of its parts; three readings in a row that are not are told');

const freeze = z
  .strictObject({
    value: id('freeze-day-energy-import').describe('Point with the counter'),
    time: id('freeze-day-time').describe('Point with the moment'),
  })
  .describe('Registers of the meter that hold what the counter showed at midnight, and when that was');

export const senseBlock = z
  .strictObject({
    points: z
      .record(pointName, pointRules)
      .optional()
      .describe('Rules of single points, by the id of the point'),
    sums: z.array(sum).min(1).optional().describe('Points of which one has to be the sum of others'),
    serial: id('serial-number').optional().describe('Point that tells the serial number'),
    freezes: z.record(pointName, freeze).optional().describe('By counter'),
  })
  .describe('What may be believed of the points');

export type SenseFile = z.output<typeof senseBlock>;

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function defined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as Defined<T>;
}

export function rulesOf(file: SenseFile | undefined): SenseRules {
  if (file === undefined) return NO_RULES;
  const points = Object.entries(file.points ?? {}).map(([point, given]) => {
    const { most_per_hour, frozen_after, most_step, valid_while, modulus } = given;
    const conditions = valid_while?.map(({ at_least, at_most, device, point: of }) => ({
      point: of,
      ...defined({ device, atLeast: at_least, atMost: at_most }),
    }));
    const rules = defined({
      modulus,
      mostPerHour: most_per_hour,
      frozenAfter: frozen_after,
      mostStep: most_step,
      validWhile: conditions,
    });
    return [point, rules] as const;
  });
  return {
    points: Object.fromEntries(points),
    sums: (file.sums ?? []).map(({ total, parts, within, least }) => ({
      total,
      parts,
      share: within / 100,
      least,
    })),
    freezes: file.freezes ?? {},
    ...defined({ serial: file.serial }),
  };
}

/** `over` is laid over `under`: point by point and key by key; a sum of the same total takes the place of the other. */
export function mergedRules(under: SenseRules, over: SenseRules): SenseRules {
  const names = new Set([...Object.keys(under.points), ...Object.keys(over.points)]);
  const points = [...names].map((name) => [name, { ...under.points[name], ...over.points[name] }] as const);
  const totals = new Set(over.sums.map(({ total }) => total));
  const serial = over.serial ?? under.serial;
  return {
    points: Object.fromEntries(points),
    sums: [...under.sums.filter(({ total }) => !totals.has(total)), ...over.sums],
    freezes: { ...under.freezes, ...over.freezes },
    ...(serial === undefined ? {} : { serial }),
  };
}

/** What to write instead of a name that is not there. */
export function nearestFix({ name, among, path }: RuleIssue): string | undefined {
  if (name === undefined || among === undefined) return undefined;
  const close = nearest(name, among);
  const key = path.at(-1);
  if (close === undefined) return `write one of ${among.slice(0, 12).join(', ')}`;
  return key === name || typeof key === 'number' ? `write ${close}` : `write ${key}: ${close}`;
}

export interface RuleIssue {
  /** Within the block. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** Name that is not there, and those that are, to propose one. */
  readonly name?: string;
  readonly among?: readonly string[];
}

/** What names points that are not there, or bounds that cannot be. `pointsOf` gives those of a device, by its id. */
export function ruleIssues(
  { points, sums, freezes, serial }: SenseFile,
  own: readonly string[],
  pointsOf: (device: string) => readonly string[] | undefined,
): readonly RuleIssue[] {
  const found: RuleIssue[] = [];
  const need = (path: RuleIssue['path'], name: string, among = own) => {
    if (!among.includes(name)) found.push({ path, message: `there is no point "${name}"`, name, among });
  };
  for (const [point, { valid_while = [] }] of Object.entries(points ?? {})) {
    need(['points', point], point);
    for (const [i, { device, point: of, at_least, at_most }] of valid_while.entries()) {
      const path = ['points', point, 'valid_while', i];
      const among = device === undefined ? own : pointsOf(device);
      if (among === undefined)
        found.push({ path: [...path, 'device'], message: `there is no device "${device}"` });
      else need([...path, 'point'], of, among);
      if (at_least === undefined && at_most === undefined)
        found.push({ path, message: 'expected at_least or at_most' });
      else if ((at_least ?? -1e15) > (at_most ?? 1e15))
        found.push({ path, message: 'at_least is above at_most: it never holds' });
    }
  }
  for (const [i, { total, parts }] of (sums ?? []).entries()) {
    need(['sums', i, 'total'], total);
    for (const [j, part] of parts.entries()) need(['sums', i, 'parts', j], part);
  }
  for (const [point, { value, time }] of Object.entries(freezes ?? {})) {
    need(['freezes', point], point);
    need(['freezes', point, 'value'], value);
    need(['freezes', point, 'time'], time);
  }
  if (serial !== undefined) need(['serial'], serial);
  return found;
}

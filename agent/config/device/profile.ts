/**
 * A device profile as a file: the generic keys are checked here, the blocks named like the protocol (of the profile and
 * of each point) by its driver.
 */
import { basename } from 'node:path';
import * as z from 'zod';
import type { Driver } from '../../core/driver.ts';
import { AGGREGATIONS, type Aggregation, LANES, type ValueType } from '../../core/point.ts';
import type { Issue, Profile, ProfilePoint } from '../../core/profile.ts';
import { isUnit, UNITS, type Unit } from '../../core/unit.ts';
import { problemsOf } from '../issues.ts';
import { nearest, type Path, type Problem, problem, shown } from '../problem.ts';
import { type MapNode, nodeAt, parseTree, placeAt, type Tree, toPlain } from '../tree.ts';
import { duration, flag, id, integer, number, oneOf, scalar, text, title } from '../values.ts';
import { nearestFix, ruleIssues, rulesOf, senseBlock } from './sense.ts';

const LONGEST = 30 * 86_400_000;

export const unit = scalar<Unit>({
  expected: 'a unit as UCUM code',
  json: { enum: Object.keys(UNITS) },
  // YAML reads the code of "no unit" as a number.
  read: (raw) => (raw === 1 ? '1' : typeof raw === 'string' && isUnit(raw) ? raw : undefined),
  write: (raw) => {
    const wanted = String(raw).toLowerCase();
    const bySymbol = Object.entries(UNITS).find(([, facts]) => facts.symbol.toLowerCase() === wanted)?.[0];
    return bySymbol ?? nearest(wanted, Object.keys(UNITS)) ?? 'V';
  },
});

const point = z.strictObject({
  id: id('voltage-l1'),
  title: title(),
  type: oneOf(['number', 'boolean', 'string'], 'number').prefault('number'),
  unit: unit.optional().describe('Required of numbers'),
  decimals: integer(0, 9, 1).optional().describe('Decimals the device resolves'),
  range: z
    .array(number(-1e15, 1e15, 0))
    .length(2)
    .optional(),
  access: oneOf(['read', 'write', 'read-write'], 'read').prefault('read'),
  signed: flag().optional().describe('Seen or heard in public: only signed content is written here'),
  aggregation: oneOf(AGGREGATIONS, 'mean').optional(),
  weight: id('wind-speed').optional(),
  lane: oneOf(LANES, 'telemetry').prefault('telemetry'),
  states: z.record(z.string(), title()).optional(),
  every: duration(50, LONGEST, '10s').optional(),
});

export const profileSchema = z.strictObject({
  profile: id('eastron-sdm630'),
  title: title(),
  class: id('electricity-meter'),
  brand: text('the name of the maker', 'Eastron'),
  model: text('the name of the model', 'SDM630'),
  protocol: id('modbus'),
  source: text('where the table comes from', 'manual of the maker, edition'),
  every: duration(50, LONGEST, '10s').prefault('10s'),
  points: z.array(point).min(1),
  sense: senseBlock.optional(),
});

const AGGREGATION: Readonly<Record<ValueType, Aggregation>> = {
  number: 'mean',
  boolean: 'state',
  string: 'last',
};

export interface ProfileDeps {
  readonly driver: (protocol: string) => Driver | undefined;
  /** Names of all protocols, to propose the nearest. */
  readonly protocols: readonly string[];
}

export type ProfileResult =
  | { readonly ok: true; readonly profile: Profile }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads the text of a profile; `file` is its path. Pure. Gives all problems at once. */
export function parseProfile(source: string, file: string, deps: ProfileDeps): ProfileResult {
  const parsed = parseTree(source, file);
  if (!parsed.ok) return parsed;
  const root = parsed.root;
  if (root.kind !== 'map') {
    return {
      ok: false,
      problems: [problem(root.at, [], 'expected a map with profile:, protocol:, points:')],
    };
  }
  const protocol = nodeAt(root, ['protocol']);
  const name = protocol?.kind === 'scalar' && typeof protocol.value === 'string' ? protocol.value : '';
  const { generic, options, wires } = split(root, name);
  const checked = profileSchema.safeParse(generic);
  const problems: Problem[] = checked.success
    ? []
    : [...problemsOf(checked.error, profileSchema, root, [], name === '' ? [] : [name])];
  if (!checked.success) return { ok: false, problems: [...problems, ...own(root, file, deps, name)] };
  const found = checked.data;
  const points = found.points.map((given, i): ProfilePoint => {
    const { unit = '1', aggregation, range, ...rest } = given;
    const [min, max] = range ?? [];
    const generic = definedOnly({
      ...rest,
      unit,
      aggregation: aggregation ?? AGGREGATION[given.type],
      range: min === undefined || max === undefined ? undefined : ([min, max] as const),
    });
    return { ...generic, wire: wires[i] };
  });
  const { profile: stem, sense, ...facts } = found;
  const rules = sense === undefined ? {} : { sense: rulesOf(sense) };
  const profile: Profile = { ...facts, id: stem, options, points, ...rules };
  problems.push(...own(root, file, deps, name), ...pointProblems(root, profile));
  const ids = points.map(({ id }) => id);
  for (const issue of ruleIssues(sense ?? {}, ids, () => undefined)) {
    const path: Path = ['sense', ...issue.path];
    problems.push(problem(placeAt(root, path), path, issue.message, nearestFix(issue)));
  }
  const driver = deps.driver(name);
  if (driver !== undefined && problems.length === 0) {
    problems.push(...driver.checkProfile(profile).map((issue) => fromDriver(root, issue, name)));
  }
  return problems.length === 0 ? { ok: true, profile } : { ok: false, problems };
}

/** Takes the driver's blocks out, so that the rest can be judged strictly. */
function split(root: MapNode, protocol: string) {
  const { [protocol]: options, ...generic } = toPlain(root) as Record<string, unknown>;
  const wires: unknown[] = [];
  if (Array.isArray(generic.points)) {
    generic.points = generic.points.map((given: unknown) => {
      if (typeof given !== 'object' || given === null || Array.isArray(given)) return given;
      const { [protocol]: wire, ...rest } = given as Record<string, unknown>;
      wires.push(wire);
      return rest;
    });
  }
  return { generic, options, wires };
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Without the keys whose value is undefined. */
export function definedOnly<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as Defined<T>;
}

function own(root: MapNode, file: string, deps: ProfileDeps, protocol: string): readonly Problem[] {
  const found: Problem[] = [];
  const stem = basename(file).replace(/\.ya?ml$/, '');
  const named = nodeAt(root, ['profile']);
  if (named?.kind === 'scalar' && named.value !== stem) {
    const message = `expected the name of the file, got ${shown(named.value)}`;
    found.push(problem(placeAt(root, ['profile']), ['profile'], message, `write profile: ${stem}`));
  }
  if (protocol !== '' && deps.driver(protocol) === undefined) {
    const close = nearest(protocol, deps.protocols);
    const fix =
      close === undefined ? `write one of ${deps.protocols.join(', ')}` : `write protocol: ${close}`;
    const message = `no driver speaks ${shown(protocol)}`;
    found.push(problem(placeAt(root, ['protocol']), ['protocol'], message, fix));
  }
  return found;
}

/** What one point alone cannot tell: names twice, weights of nothing. */
function pointProblems(root: MapNode, { points }: Profile): readonly Problem[] {
  const found: Problem[] = [];
  const say = (path: Path, message: string, fix?: string) =>
    found.push(problem(placeAt(root, path), path, message, fix));
  const ids = points.map(({ id }) => id);
  points.forEach((point, i) => {
    const at: Path = ['points', i];
    const first = ids.indexOf(point.id);
    if (first !== i)
      say([...at, 'id'], `the id ${shown(point.id)} is taken by points[${first}]`, 'write another id');
    if (point.range !== undefined && point.range[0] >= point.range[1]) {
      const [min, max] = point.range;
      say([...at, 'range'], `expected [min, max], got [${min}, ${max}]`, `write range: [${max}, ${min}]`);
    }
    if (point.type === 'number' && nodeAt(root, [...at, 'unit']) === undefined) {
      say(
        [...at, 'unit'],
        'missing: expected a unit as UCUM code',
        "write unit: V, or '1' for a plain number",
      );
    }
    if (point.type !== 'number' && point.decimals !== undefined) {
      say([...at, 'decimals'], `a ${point.type} has no decimals`, 'remove it');
    }
    if (point.weight !== undefined && !ids.includes(point.weight)) {
      const close = nearest(point.weight, ids);
      const fix = close === undefined ? 'name a point of this profile' : `write weight: ${close}`;
      say([...at, 'weight'], `there is no point ${shown(point.weight)}`, fix);
    }
    if (point.aggregation === 'weighted' && point.weight === undefined) {
      say([...at, 'weight'], 'missing: a weighted mean needs the point that weighs', 'write weight: flow');
    }
  });
  return found;
}

/** A driver names its blocks by the protocol, or as the model does: `options` and `wire`. */
function fromDriver(root: Tree, issue: Issue, protocol: string): Problem {
  const path = issue.path.map((step, i) => {
    const block =
      (i === 0 && step === 'options') || (i === 2 && step === 'wire' && issue.path[0] === 'points');
    return block ? protocol : step;
  });
  return problem(placeAt(root, path), path, issue.message, issue.fix);
}

/** What an HJ 212 uplink names must be there, convert, and fit the edition. */
import { AgentError } from '../../core/errors.ts';
import { convertGas, gasOfFactor } from '../../core/gas.ts';
import type { Unit } from '../../core/unit.ts';
import type { Numbered, Say } from '../checks.ts';
import { nearest, type Path } from '../problem.ts';
import type { UplinkFile } from './schema.ts';

interface KnownPoint {
  readonly id: string;
  readonly unit: Unit;
  readonly type: string;
  readonly access: string;
}

/** Longest MN of an edition. */
const LONGEST_MN = { '2005': 14, '2017': 24, '2025': 24 } as const;

/** `devices`: the points of those whose profile is known. */
export function checkHj212(
  { index, item }: Numbered<UplinkFile>,
  devices: ReadonlyMap<string, readonly KnownPoint[]>,
  ids: readonly string[],
  say: Say,
): void {
  const { hj212 } = item;
  if (hj212 === undefined) return;
  const at = (...path: Path): Path => ['uplinks', index, 'hj212', ...path];
  if (item.select !== undefined)
    say(
      ['uplinks', index, 'select'],
      'an environment centre gets the points that are named for it',
      'remove select',
    );
  const { mn, edition, key } = hj212;
  if (mn === undefined && edition !== '2025')
    say(
      at('mn'),
      `missing: a centre of ${edition} gives no number to a station`,
      'write mn: the one you were given',
    );
  if (mn !== undefined && mn.length > LONGEST_MN[edition])
    say(
      at('mn'),
      `an MN of ${edition} has at most ${LONGEST_MN[edition]} characters, got ${mn.length}`,
      'check it',
    );
  if (key !== undefined && edition !== '2025')
    say(at('key'), `edition ${edition} knows no encryption`, 'remove key, or write edition: 2025');

  const pointAt = (path: Path, place: { readonly device: string; readonly point: string }) => {
    const points = devices.get(place.device);
    if (points === undefined) {
      if (!ids.includes(place.device)) unknown(say, at(...path, 'device'), 'device', place.device, ids);
      return undefined;
    }
    const found = points.find(({ id }) => id === place.point);
    if (found === undefined)
      unknown(
        say,
        at(...path, 'point'),
        `point of ${place.device}`,
        place.point,
        points.map(({ id }) => id),
      );
    return found;
  };
  for (const [i, point] of hj212.points.entries()) {
    const found = pointAt(['points', i], point);
    if (found === undefined || point.unit === undefined) continue;
    try {
      convertGas(1, found.unit, point.unit, gasOfFactor(point.factor));
    } catch (thrown) {
      const why = thrown instanceof AgentError ? thrown.message : String(thrown);
      say(at('points', i, 'unit'), why, `write a unit that ${found.unit} converts to`);
    }
  }
  if (hj212.stopped !== undefined) pointAt(['stopped'], hj212.stopped);
  for (const [cn, action] of Object.entries(hj212.actions)) {
    const found = pointAt(['actions', cn], action);
    if (found?.access === 'read')
      say(
        at('actions', cn, 'point'),
        `the point ${found.id} of ${action.device} can only be read`,
        'name another point',
      );
  }
}

function unknown(say: Say, path: Path, what: string, name: string, known: readonly string[]): void {
  const close = nearest(name, known);
  say(
    path,
    `there is no ${what} ${name}`,
    close === undefined ? 'write one that is there' : `write ${path.at(-1)}: ${close}`,
  );
}

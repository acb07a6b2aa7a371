/** Which points of a device tell of phases, reactive power and flow: by the names that profiles give them. */
import type { Point } from '../../../core/point.ts';
import { convertible, type Unit } from '../../../core/unit.ts';
import type { DeviceSenses, Sense } from './replay.ts';

const PHASES = ['l1', 'l2', 'l3'] as const;

export function sensesOf(points: readonly Point[]): DeviceSenses {
  const find = (id: string, unit: Unit): Sense | undefined => {
    const point = points.find((one) => one.id === id);
    return point === undefined || !convertible(point.unit, unit)
      ? undefined
      : { point: id, unit: point.unit };
  };
  const each = (name: string, unit: Unit): readonly Sense[] =>
    PHASES.flatMap((phase) => find(`${name}-${phase}`, unit) ?? []);
  const [volts, amps, watts] = [each('voltage', 'V'), each('current', 'A'), each('power-active', 'W')];
  const complete = [volts, amps, watts].every((list) => list.length === PHASES.length);
  const reactive = find('power-reactive-total', 'var');
  const flow = find('flow', 'm3/h');
  const decimals = Object.fromEntries(
    points.flatMap(({ id, decimals: digits, aggregation }) =>
      aggregation === 'counter' && digits !== undefined ? [[id, digits]] : [],
    ),
  );
  return {
    decimals,
    ...(complete ? { phases: { volts, amps, watts } } : {}),
    ...(complete && reactive !== undefined ? { reactive } : {}),
    ...(flow === undefined ? {} : { flow }),
  };
}

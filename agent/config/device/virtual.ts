/** The part of a site file that is about virtual points: what flows and programs may publish. */
import * as z from 'zod';
import type { VirtualDevice } from '../../core/virtual.ts';
import type { Numbered, Say } from '../checks.ts';
import type { Path } from '../problem.ts';
import { duration, id, integer, number, oneOf, text, title } from '../values.ts';
import { definedOnly, unit } from './profile.ts';

const DAY = 86_400_000;
const KIND = { number: 'mean', boolean: 'state', string: 'last' } as const;

const range = z.tuple([number(-1e12, 1e12, -40), number(-1e12, 1e12, 60)]);

const point = z.strictObject({
  id: id('heat-index'),
  title: title().optional(),
  type: oneOf(['number', 'boolean', 'string'], 'number').prefault('number').describe('What its values are'),
  unit: unit.optional().describe('UCUM code. Default 1'),
  decimals: integer(0, 9, 1).optional().describe('Values are rounded to so many. Absent: as they come'),
  range: range.optional().describe('Numbers outside are refused'),
  values: z
    .array(text('a value', 'closed'))
    .min(1)
    .max(64)
    .optional()
    .describe('With type string: others are refused'),
  max_age: duration(1000, 7 * DAY, '10min')
    .prefault('10min')
    .describe('Without a new value for so long the point is bad'),
  aggregation: oneOf(['mean', 'sum', 'counter', 'state', 'last'], 'mean')
    .optional()
    .describe('How values become one in history. Default: mean of numbers, state of booleans, last of texts'),
});

export const virtual = z
  .strictObject({
    id: id('street-climate').describe('The device that its points belong to'),
    title: title().optional(),
    points: z.array(point).min(1).max(200).describe('What it measures, as it were'),
  })
  .describe('Points that flows of Node-RED and programs publish over the API');

export type VirtualFile = z.output<typeof virtual>;

/** The device, or undefined where something of it does not fit together, which is said. */
export function virtualOf({ index, item }: Numbered<VirtualFile>, say: Say): VirtualDevice | undefined {
  let right = true;
  const wrong = (path: Path, message: string, fix: string) => {
    right = false;
    say(['virtual', index, 'points', ...path], message, fix);
  };
  item.points.forEach(({ id: name, type, unit: of, decimals, range: bounds, values, aggregation }, i) => {
    if (item.points.findIndex((one) => one.id === name) !== i)
      wrong([i, 'id'], `the id ${name} is taken by another point of it`, 'write another id');
    if (type !== 'number') {
      for (const [key, value] of Object.entries({ unit: of, decimals, range: bounds })) {
        if (value !== undefined) wrong([i, key], `a ${type} has no ${key}`, 'remove it');
      }
      if (aggregation !== undefined && aggregation !== 'state' && aggregation !== 'last')
        wrong([i, 'aggregation'], `a ${type} has no ${aggregation}`, 'write aggregation: state');
    }
    if (values !== undefined && type !== 'string')
      wrong([i, 'values'], `a ${type} has no values`, 'write type: string, or range:');
    if (bounds !== undefined && bounds[0] >= bounds[1])
      wrong(
        [i, 'range'],
        `a range rises, got ${bounds.join(', ')}`,
        `write range: [${bounds[1]}, ${bounds[0]}]`,
      );
  });
  if (!right) return undefined;
  return {
    id: item.id,
    title: item.title ?? { en: item.id },
    points: item.points.map(
      ({ title: name, unit: of, max_age: maxAge, decimals, range: bounds, ...one }) => ({
        id: one.id,
        type: one.type,
        title: name ?? { en: one.id },
        unit: of ?? '1',
        maxAge,
        aggregation: one.aggregation ?? KIND[one.type],
        ...definedOnly({ decimals, range: bounds, values: one.values }),
      }),
    ),
  };
}

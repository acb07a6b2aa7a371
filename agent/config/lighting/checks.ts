/** What has to fit together in the part on lighting: references, order of steps, the photocell's hysteresis. */

import { convertible, type Unit } from '../../core/unit.ts';
import type { Numbered, Say } from '../checks.ts';
import { nearest, type Path, shown } from '../problem.ts';
import type { ConditionFile, InterlockFile, LampFile, ProgrammeFile } from './schema.ts';

/** Devices of the site (cameras among them) with their points; undefined where the points are not known here. */
export type Known = ReadonlyMap<string, readonly { readonly id: string; readonly unit: Unit }[] | undefined>;

/** A programme whose parts agree with each other and with the site. */
export function checkProgramme({ index, item }: Numbered<ProgrammeFile>, known: Known, say: Say): void {
  const at = (...path: Path): Path => ['programmes', index, ...path];
  const { photocell, traffic, boosts, safety, maintenance, calendar, exceptions } = item;
  if (photocell !== undefined) {
    checkPoint(photocell, at('photocell'), known, say);
    const least = Number((photocell.on * 1.3).toFixed(1));
    if (photocell.off < least) {
      say(
        at('photocell', 'off'),
        `off has to be at least 1.3 times on, or the lamp flickers at dusk, got ${photocell.off} against ${photocell.on}`,
        `write off: ${least}`,
      );
    }
    const [night, day] = photocell.window;
    if (night >= day) {
      say(
        at('photocell', 'window'),
        `the window runs from night to day, got ${night} to ${day}`,
        'write window: [-6, 6]',
      );
    }
  }
  if (traffic !== undefined) {
    checkPoint(traffic, at('traffic'), known, say);
    traffic.steps.forEach(({ above, level }, i) => {
      const before = traffic.steps[i - 1];
      if (i === 0 && above !== 0) {
        say(
          at('traffic', 'steps', 0, 'above'),
          `the first step is for a street without traffic, got ${above}`,
          'write above: 0',
        );
      } else if (before !== undefined && (above <= before.above || level < before.level)) {
        say(
          at('traffic', 'steps', i, above <= before.above ? 'above' : 'level'),
          'more traffic never means less light: steps rise in above and in level',
          'put the steps in order',
        );
      }
    });
  }
  calendar.forEach((entry, i) => {
    if ((entry.from === undefined) === (entry.to === undefined)) return;
    const [missing, given] = entry.from === undefined ? ['from', 'to'] : ['to', 'from'];
    say(at('calendar', i, missing), `missing: ${given} needs ${missing}`, `write ${missing}: "01-02"`);
  });
  exceptions.forEach((exception, i) => {
    if (exception.from <= exception.to) return;
    say(
      at('exceptions', i, 'to'),
      `it ends before it begins, on ${exception.to}`,
      `write to: "${exception.from}"`,
    );
  });
  boosts.forEach(({ when }, i) => {
    checkCondition(when, at('boosts', i, 'when'), known, say);
  });
  safety.forEach((condition, i) => {
    checkCondition(condition, at('safety', i), known, say);
  });
  if (maintenance !== undefined) checkCondition(maintenance.when, at('maintenance', 'when'), known, say);
}

/** The meter of a lamp, and its programme. */
export function checkLampLight(
  { index, item }: Numbered<LampFile>,
  programmes: readonly string[],
  known: Known,
  say: Say,
): void {
  if (item.programme !== undefined && !programmes.includes(item.programme)) {
    unknown(['lamps', index, 'programme'], 'programme', item.programme, programmes, say);
  }
  const { power } = item;
  if (power === undefined) return;
  checkPoint(power, ['lamps', index, 'power'], known, say);
  const unit = known.get(power.device)?.find(({ id }) => id === power.point)?.unit;
  if (unit !== undefined && !convertible(unit, 'W')) {
    say(
      ['lamps', index, 'power', 'point'],
      `${power.point} is in ${unit}, which is no power`,
      'name a point in W or kW',
    );
  }
  if (power.voltage === undefined) return;
  checkPoint(
    { device: power.device, point: power.voltage },
    ['lamps', index, 'power'],
    known,
    say,
    'voltage',
  );
}

export function checkInterlock({ index, item }: Numbered<InterlockFile>, known: Known, say: Say): void {
  checkPoint(item, ['interlocks', index], known, say);
  checkCondition(item.only_while, ['interlocks', index, 'only_while'], known, say);
}

function checkCondition(condition: ConditionFile, path: Path, known: Known, say: Say): void {
  const given = (['is', 'above', 'below'] as const).filter((key) => condition[key] !== undefined);
  if (given.length === 0) say([...path, 'is'], 'missing: expected is, above or below', 'write is: true');
  for (const key of given.slice(1)) {
    say(
      [...path, key],
      `a condition has one of is, above and below, got ${given.join(' and ')}`,
      'remove one of them',
    );
  }
  checkPoint(condition, path, known, say);
}

function checkPoint(
  { device, point }: { readonly device: string; readonly point: string },
  path: Path,
  known: Known,
  say: Say,
  key = 'point',
): void {
  if (!known.has(device)) {
    unknown([...path, 'device'], 'device or camera', device, [...known.keys()], say);
    return;
  }
  const points = known.get(device)?.map(({ id }) => id);
  if (points !== undefined && !points.includes(point)) {
    unknown([...path, key], `point of ${device}`, point, points, say);
  }
}

function unknown(path: Path, what: string, name: string, names: readonly string[], say: Say): void {
  const close = nearest(name, names);
  const fix =
    close === undefined
      ? names.length === 0
        ? `there is no ${what} at all; add one`
        : `write one of ${names.slice(0, 12).join(', ')}${names.length > 12 ? ' …' : ''}`
      : `write ${path.at(-1)}: ${close}`;
  say(path, `there is no ${what} ${shown(name)}`, fix);
}

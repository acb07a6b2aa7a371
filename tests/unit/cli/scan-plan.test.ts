/** What a scan asks, and that its quick plan ends in time. */
import { describe, expect, test } from 'vitest';
import {
  fullPlan,
  parseTarget,
  quickPlan,
  settingText,
  silentTime,
} from '../../../agent/compose/scan/plan.ts';
import { TALKING } from '../../../agent/compose/scan/searcher.ts';

describe('the plan of a scan', () => {
  const serial = parseTarget('/dev/ttyUSB0');

  test('asks first what is usual, within a minute on a silent line', () => {
    const stages = quickPlan(serial);
    expect(stages.slice(0, 5).map(({ line, units }) => [settingText(line), units.length])).toEqual([
      ['9600 8N1', 32],
      ['9600 8E1', 32],
      ['2400 8E1', 4],
      ['19200 8N1', 32],
      ['19200 8E1', 32],
    ]);
    const rates = stages
      .slice(5)
      .flatMap(({ line, units }) => (units.length === 4 ? [line.serial?.baud] : []));
    expect(new Set(rates)).toEqual(new Set([2400, 4800, 38_400, 57_600, 115_200]));
    const listening = TALKING.reduce((sum, { every }) => sum + every, 0);
    const silent = stages.reduce((sum, stage) => sum + silentTime(stage), 0) + listening;
    expect(silent).toBeLessThan(55_000);
  });

  test('then every unit at every setting', () => {
    const stages = fullPlan(serial);
    expect(stages.every(({ units }) => units[0] === 1 && units.at(-1) === 247)).toBe(true);
    expect(new Set(stages.map(({ line }) => settingText(line))).size).toBe(32);
  });

  test.each([
    ['/dev/ttyUSB0', 'serial', '', 0],
    ['./ports/x', 'serial', '', 0],
    ['COM3', 'serial', '', 0],
    ['10.0.0.7', 'tcp', '10.0.0.7', 502],
    ['10.0.0.7:1502', 'tcp', '10.0.0.7', 1502],
    ['[::1]:502', 'tcp', '::1', 502],
    ['gateway:502', 'tcp', 'gateway', 502],
  ])('%s is a %s port', (text, kind, host, tcpPort) => {
    expect(parseTarget(text)).toMatchObject({ kind, host, tcpPort });
  });
});

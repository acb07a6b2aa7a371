/** The model of docs/city-scale.md against what was measured, and its page against the model. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { costOf, DEFAULTS, table } from '../../../deploy/city/scale.ts';

const root = new URL('../../../', import.meta.url);
const herd = JSON.parse(readFileSync(new URL('docs/city/herd.json', root), 'utf8')) as {
  readonly agents: number;
  readonly steady: {
    readonly acknowledged_per_s: number;
    readonly broker_cpu: number;
    readonly up_mb_per_agent_day: number;
  };
};

describe('the model of a city', () => {
  test('gives the bytes that the herd test measured, without TLS and TCP/IP', () => {
    const bare = {
      ...DEFAULTS,
      poles: herd.agents,
      readings: 1,
      window: 5,
      transportBytes: 0,
      keepAliveBytes: 2,
    };
    expect(costOf(bare).poleDayMb / herd.steady.up_mb_per_agent_day).toBeCloseTo(1, 1);
    expect(Math.abs(costOf(bare).poleDayMb / herd.steady.up_mb_per_agent_day - 1)).toBeLessThan(0.03);
  });

  test('takes no more messages for a core than were measured', () => {
    const measured = herd.agents / 5 / herd.steady.broker_cpu;
    expect(DEFAULTS.messagesPerCore).toBeLessThanOrEqual(measured);
    expect(costOf({ ...DEFAULTS, poles: 100_000, readings: 1, window: 5 }).messagesPerSecond).toBe(20_000);
  });

  test('a pole that measures less often than its window sends a message for each reading', () => {
    expect(costOf({ ...DEFAULTS, poles: 1, readings: 1 / 900, window: 5 }).messagesPerSecond).toBeCloseTo(
      1 / 900,
      9,
    );
  });

  test('an outage doubles the backlog and its replay with its hours', () => {
    const [short, long] = [10, 20].map((outage) => costOf({ ...DEFAULTS, outage }));
    expect((long?.backlogReadings ?? 0) / (short?.backlogReadings ?? 1)).toBe(2);
    expect((long?.replaySeconds ?? 0) / (short?.replaySeconds ?? 1)).toBe(2);
  });

  test('the tables of the page are the model’s', () => {
    const page = readFileSync(new URL('docs/city-scale.md', root), 'utf8');
    expect(page).toContain(table(DEFAULTS));
    expect(page).toContain(table({ ...DEFAULTS, readings: 1, window: 5 }));
  });
});

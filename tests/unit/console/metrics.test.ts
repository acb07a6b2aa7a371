/** What /metrics gives is what docs/metrics.md says, under names that follow Prometheus' conventions. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { good } from '../../../agent/core/reading.ts';
import { CITY_LEDGER, openConsole, type TestConsole } from './open-console.ts';

interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly labels: readonly string[];
}

let at: TestConsole;
let families: readonly Family[];

beforeAll(async () => {
  at = await openConsole({ remote: { listen: { host: '127.0.0.1', port: 0 }, hosts: [], hsts: false } });
  const { agent, clock } = at;
  agent.publish([good({ device: 'meter-feeder', point: 'voltage', unit: 'V' }, 230.1, clock.mono())]);
  const tally = { answers: 9, errors_timeout: 3, skipped_periods: 0, noise_bytes: 7, foreign_frames: 1 };
  agent.setHealth({ part: 'line:rs485-1', state: 'ok', since: 1, facts: { utilisation: 0.3, ...tally } });
  agent.setHealth({ part: 'device:meter-9', state: 'ok', since: 1, facts: { turnaround_ms: 12, ...tally } });
  agent.ledgerList = [CITY_LEDGER];
  await at.ask('/login?code=wrong');
  const { text } = await at.ask('/metrics', { headers: await at.token('viewer') });
  families = [...text.matchAll(/^# HELP (\S+) (.*)\n# TYPE \S+ (\S+)\n((?:[^#\n].*\n)*)/gm)].map(
    ([, name = '', help = '', type = '', samples = '']) => ({
      name,
      help,
      type,
      labels: [...new Set([...samples.matchAll(/[{,](\w+)="/g)].map(([, label = '']) => label))],
    }),
  );
});
afterAll(() => at[Symbol.asyncDispose]());

describe('the metrics', () => {
  test('are the table of docs/metrics.md', () => {
    const rows = families.map(
      ({ name, type, labels, help }) =>
        `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`,
    );
    const table = ['| metric | type | labels | what it tells |', '|---|---|---|---|', ...rows].join('\n');
    const page = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');
    const kept = /\| metric \|[\s\S]*?(?=\n\n|\n$)/.exec(page)?.[0];
    expect(kept, 'put this table into docs/metrics.md').toBe(table);
  });

  test('are named as Prometheus asks: a prefix, base units, _total for what only grows', () => {
    expect(families.length).toBeGreaterThan(20);
    for (const { name, type, help, labels } of families) {
      expect(name).toMatch(/^(kerbside|process)_[a-z][a-z0-9_]*[a-z0-9]$/);
      expect([name, ['counter', 'gauge'].includes(type)]).toEqual([name, true]);
      expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
      expect([name, /_(ms|milliseconds|kb|kib|mb|percent|minutes|hours|days)(_|$)/.test(name)]).toEqual([
        name,
        false,
      ]);
      expect([name, /^[A-Z1].*\.$/.test(help)]).toEqual([name, true]);
      for (const label of labels) expect(label).toMatch(/^[a-z][a-z0-9_]*$/);
    }
    expect(new Set(families.map(({ name }) => name)).size).toBe(families.length);
  });

  test('count what was refused at the door, and when the certificate ends', async () => {
    const { text } = await at.ask('/metrics', { headers: await at.token('viewer') });
    expect(text).toContain('kerbside_console_logins_refused_total 1\n');
    expect(Number(/^kerbside_certificate_end_timestamp_seconds (\S+)/m.exec(text)?.[1])).toBeGreaterThan(
      Date.UTC(2035, 0) / 1000,
    );
  });
});

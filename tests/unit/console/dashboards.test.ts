/** Grafana's dashboard and Prometheus' alerts name nothing that an agent does not tell. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { metricsText } from '../../../agent/console/api/metrics.ts';
import { AgentData } from '../../support/agent-data.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const read = (name: string) => readFileSync(new URL(`../../../deploy/city/${name}`, import.meta.url), 'utf8');

interface Dashboard {
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets: readonly { readonly expr: string }[];
  }[];
}

const dashboard = JSON.parse(read('grafana/kerbside.json')) as Dashboard;
const alerts = parse(read('prometheus/alerts.yml')) as {
  readonly groups: readonly {
    readonly rules: readonly { readonly alert: string; readonly expr: string }[];
  }[];
};
const expressions: readonly (readonly [string, string])[] = [
  ...dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const)),
  ...alerts.groups.flatMap(({ rules }) => rules.map(({ alert, expr }) => [alert, expr] as const)),
];

const FIGURES = { streams: 0, sessions: 1, refused: 0, certificateEnd: 1_800_000_000_000 };

/** Names with their labels, of an agent with lines, devices, alarms and uplinks; Prometheus itself adds the rest. */
function told(): ReadonlyMap<string, ReadonlySet<string>> {
  const data = new AgentData({ clock: new VirtualClock() });
  data.ledgerList = [
    {
      uplink: 'city',
      connected: true,
      epoch: 'e',
      stored: 9,
      acknowledged: 7,
      refused: 0,
      dropped: 0,
      backlog: 2,
      resent: 0,
      heads: { alarm: 0, event: 0, meter: 0, telemetry: 9, bulk: 0 },
    },
  ];
  const facts = {
    utilisation: 0.5,
    answers: 7,
    errors_timeout: 1,
    skipped_periods: 0,
    noise_bytes: 0,
    foreign_frames: 0,
    turnaround_ms: 12,
  };
  for (const part of ['line:rs485-1', 'device:meter-1'])
    data.setHealth({ part, state: 'ok', since: 0, facts });
  const names = new Map<string, Set<string>>([['up', new Set(['job', 'instance'])]]);
  for (const line of metricsText(data, FIGURES).split('\n')) {
    const [, name = '', labels = ''] = /^([a-z_]+)(?:\{(.*)\})? /.exec(line) ?? [];
    if (name === '') continue;
    const known = names.get(name) ?? new Set(['job', 'instance']);
    for (const [, label = ''] of labels.matchAll(/([a-z_]+)="/g)) known.add(label);
    names.set(name, known);
  }
  return names;
}

describe('the dashboard and the alerts', () => {
  const metrics = told();

  test.each(expressions)('%s: %s', (_, expr) => {
    const named = [...expr.matchAll(/\b((?:kerbside|process)_[a-z_]+|up)\b(?:\{([^}]*)\})?/g)];
    expect(named.length).toBeGreaterThan(0);
    for (const [, name = '', labels = ''] of named) {
      expect([...metrics.keys()]).toContain(name);
      for (const [, label = ''] of labels.matchAll(/([a-z_]+)\s*=/g))
        expect([...(metrics.get(name) ?? [])]).toContain(label);
    }
    const [, by = ''] = /\bby \(([^)]*)\)/.exec(expr) ?? [];
    const labels = named.flatMap(([, name = '']) => [...(metrics.get(name) ?? [])]);
    for (const label of by.split(',').filter((one) => one !== '')) expect(labels).toContain(label.trim());
  });

  test('shows every metric of an agent but the process’ own, each panel in a place of its own', () => {
    const all = expressions.map(([, expr]) => expr).join(' ');
    expect(
      [...metrics.keys()].filter(
        (name) => !new RegExp(`\\b${name}\\b`).test(all) && !name.startsWith('process_'),
      ),
    ).toEqual(['kerbside_alarm_events_total', 'kerbside_alarm_changes_held_total']);
    const taken = new Set<string>();
    for (const { title, gridPos } of dashboard.panels)
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x}/${y}`), title).toBe(false);
          taken.add(`${x}/${y}`);
          expect(x).toBeLessThan(24);
        }
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });
});

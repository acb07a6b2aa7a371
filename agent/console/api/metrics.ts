/** A small page for Prometheus (text format 0.0.4): ledger, health, qualities, memory. */
import type { AgentView, HealthState, Ledger } from '../../core/view.ts';

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

const STATES: readonly HealthState[] = ['ok', 'degraded', 'down', 'starting', 'off'];

/** What the console itself has to tell. */
export interface ConsoleFigures {
  /** Live streams open. */
  readonly streams: number;
  readonly sessions: number;
  /** Logins that were refused since the start. */
  readonly refused: number;
  /** When the certificate of the remote door ends, Unix epoch ms; undefined where there is none. */
  readonly certificateEnd: number | undefined;
}

export function metricsText(
  view: AgentView,
  { streams, sessions, refused, certificateEnd }: ConsoleFigures,
): string {
  const ledgers = view.ledgers();
  const per = (pick: (ledger: Ledger) => number): Sample[] =>
    ledgers.map((ledger) => [{ uplink: ledger.uplink }, pick(ledger)]);
  return [
    family(
      'kerbside_records_stored_total',
      'counter',
      'Durable records.',
      per(({ stored }) => stored),
    ),
    family(
      'kerbside_records_acknowledged_total',
      'counter',
      'Records the receiver has confirmed.',
      per(({ acknowledged }) => acknowledged),
    ),
    family(
      'kerbside_records_refused_total',
      'counter',
      'Records refused for good.',
      per(({ refused }) => refused),
    ),
    family(
      'kerbside_records_dropped_total',
      'counter',
      'Records dropped with a gap record.',
      per(({ dropped }) => dropped),
    ),
    family(
      'kerbside_records_resent_total',
      'counter',
      'Records sent again.',
      per(({ resent }) => resent),
    ),
    family(
      'kerbside_backlog_records',
      'gauge',
      'Records waiting for the uplink.',
      per(({ backlog }) => backlog),
    ),
    family(
      'kerbside_uplink_connected',
      'gauge',
      '1 while connected.',
      per(({ connected }) => Number(connected)),
    ),
    family(
      'kerbside_part_state',
      'gauge',
      '1 for the state a part is in.',
      view
        .health()
        .flatMap(({ part, state }) =>
          STATES.map((one): Sample => [{ part, state: one }, Number(one === state)]),
        ),
    ),
    ...lines(view),
    ...alarms(view),
    family('kerbside_points', 'gauge', 'Points by quality of their last reading.', qualities(view)),
    family('kerbside_console_streams', 'gauge', 'Live streams open.', [[{}, streams]]),
    family('kerbside_console_sessions', 'gauge', 'Sessions of people that stand.', [[{}, sessions]]),
    family('kerbside_console_logins_refused_total', 'counter', 'Wrong codes, passwords and labels.', [
      [{}, refused],
    ]),
    family(
      'kerbside_certificate_end_timestamp_seconds',
      'gauge',
      'When the certificate of the remote door ends.',
      certificateEnd === undefined ? [] : [[{}, certificateEnd / 1000]],
    ),
    family('process_resident_memory_bytes', 'gauge', 'Resident memory of the agent.', [
      [{}, process.memoryUsage.rss()],
    ]),
  ].join('');
}

/** How alarms stand, and how many were told one by one and together. */
function alarms(view: AgentView): readonly string[] {
  const counts = view.alarms?.counts();
  if (counts === undefined) return [];
  const { standing, unacknowledged, shelved, suppressed, flood, raised, told, held } = counts;
  const states = Object.entries({ standing, unacknowledged, shelved, suppressed });
  return [
    family(
      'kerbside_alarms',
      'gauge',
      'Alarms by what they are.',
      states.map(([state, count]): Sample => [{ state }, count]),
    ),
    family('kerbside_alarm_flood', 'gauge', '1 in a flood of alarms.', [[{}, Number(flood)]]),
    family('kerbside_alarms_raised_total', 'counter', 'Alarms raised.', [[{}, raised]]),
    family('kerbside_alarm_events_total', 'counter', 'Events told of alarms.', [[{}, told]]),
    family('kerbside_alarm_changes_held_total', 'counter', 'Changes told together with others.', [
      [{}, held],
    ]),
  ];
}

/** What lines and their devices tell of themselves; a count begins at 0 when its line is opened. */
function lines(view: AgentView): readonly string[] {
  const parts = view.health().flatMap((part) => {
    const [, kind = '', id = ''] = /^(line|device):(.+)$/.exec(part.part) ?? [];
    return kind === '' ? [] : [{ labels: { [kind]: id }, facts: part.facts }];
  });
  const of = (fact: string, factor = 1): Sample[] =>
    parts.flatMap(({ labels, facts }): Sample[] => {
      const value = facts[fact];
      return typeof value === 'number' ? [[labels, value * factor]] : [];
    });
  const errors = parts.flatMap(({ labels, facts }) =>
    Object.entries(facts).flatMap(([fact, value]): Sample[] =>
      fact.startsWith('errors_') && typeof value === 'number'
        ? [[{ ...labels, error: fact.slice('errors_'.length) }, value]]
        : [],
    ),
  );
  return [
    family(
      'kerbside_line_utilisation_ratio',
      'gauge',
      'Part of the last minute that the line was busy.',
      of('utilisation'),
    ),
    family(
      'kerbside_turnaround_seconds',
      'gauge',
      'Time a device takes to answer, running mean.',
      of('turnaround_ms', 1e-3),
    ),
    family('kerbside_answers_total', 'counter', 'Answers that were whole and ours.', of('answers')),
    family('kerbside_errors_total', 'counter', 'Requests that failed, by kind.', errors),
    family(
      'kerbside_skipped_periods_total',
      'counter',
      'Periods without a request, for the line had no time.',
      of('skipped_periods'),
    ),
    family('kerbside_noise_bytes_total', 'counter', 'Bytes that were no frame.', of('noise_bytes')),
    family('kerbside_foreign_frames_total', 'counter', 'Frames of somebody else.', of('foreign_frames')),
  ];
}

function qualities(view: AgentView): Sample[] {
  const counts = { good: 0, uncertain: 0, bad: 0, none: 0 };
  for (const { description } of view.descriptions()) {
    for (const { id } of description.points) {
      counts[view.hub.latest(description.device, id)?.quality ?? 'none'] += 1;
    }
  }
  return Object.entries(counts).map(([quality, count]) => [{ quality }, count]);
}

function family(name: string, type: string, help: string, samples: readonly Sample[]): string {
  if (samples.length === 0) return '';
  const lines = samples.map(([labels, value]) => {
    const inner = Object.entries(labels)
      .map(([key, text]) => `${key}="${text.replace(/["\\]/g, '\\$&').replace(/\n/g, '\\n')}"`)
      .join(',');
    return `${name}${inner === '' ? '' : `{${inner}}`} ${value}`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('\n')}\n`;
}

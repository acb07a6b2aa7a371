/** The report of a soak, for people (Markdown) and for programs (JSON). */
import { availableParallelism, cpus, totalmem } from 'node:os';
import { APART, type Figures, SLOPE } from './judge.ts';
import type { SoakRun } from './run.ts';
import { minuteMinima, type Point } from './slope.ts';

const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
const fixed = (value: number, digits = 1) => value.toFixed(digits);

export function machine(): string {
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${availableParallelism()} cores (${cpus()[0]?.model.trim()}), ${memory} GB, Node ${process.version}`;
}

export function reportText(run: SoakRun, figures: Figures, found: readonly string[]): string {
  const { minutes, seed, rate, cameraRate, browser } = run.options;
  const { slope, pss, compared, loadRange } = figures;
  const [first, last] = run.windows.quiet.map(([, to]) => Math.round(to / 60_000));
  const kinds = Object.entries(Object.groupBy(run.plan, ({ fault }) => fault))
    .map(([kind, ones = []]) => `${kind} ${ones.length}`)
    .sort()
    .join(', ');
  const { client, reports } = run;
  const ledgers = Object.entries(reports).map(
    ([uplink, one]) =>
      `| ${uplink} | ${run.ledgers.find((ledger) => ledger.uplink === uplink)?.stored ?? '?'} | ${one.records} | ${one.resent} | ${one.missing + one.awaited} | ${one.conflicts} | ${one.balanced ? 'yes' : 'no'} |`,
  );
  return `# Soak of ${minutes} minutes

${found.length === 0 ? 'Passed.' : `Not passed:\n\n${found.map((one) => `- ${one}`).join('\n')}`}

\`npm run soak -- --minutes ${minutes} --seed ${seed}${rate === 1 ? '' : ` --rate ${rate}`}\`, ${new Date().toISOString().slice(0, 16)}Z, ${machine()}, load average ${fixed(loadRange[0])} to ${fixed(loadRange[1])}.

The street of \`npm start\` with a meter behind a gateway: five lines, a camera at ${cameraRate} pictures a second, a stop sign with its
buses, Node-RED, two uplinks (MQTT and HTTP), ${browser ? 'the console and the stop’s screen open in chromium' : 'nobody at a browser'}, a live stream and the calls of the
console's pages every 15 s. Faults by seed: ${run.plan.length} in all (${kinds}).

| | minute ${first} | minute ${last} | change | aim |
|---|---|---|---|---|
${compared.map(({ name, before, after, change }) => `| ${name} | ${fixed(before, name.startsWith('heap') ? 2 : 0)} | ${fixed(after, name.startsWith('heap') ? 2 : 0)} | ${percent(change)} | within ${percent(APART)} |`).join('\n')}
| PSS of the agent without files, MB | ${fixed(pss.agent[0])} | ${fixed(pss.agent[1])} | ${fixed(slope.agent, 2)} MB/h | at most ${SLOPE} MB/h |
| PSS of the agent, MB | ${fixed(pss.whole[0])} | ${fixed(pss.whole[1])} | ${fixed(slope.whole, 2)} MB/h | moves with other programs on the same files |
| PSS of Node-RED without files, MB | ${fixed(pss.nodeRed[0])} | ${fixed(pss.nodeRed[1])} | ${fixed(slope.nodeRed, 2)} MB/h | |

CPU of the agent: ${percent(run.cpu)} of one core. The slope is Theil–Sen's (median of the slopes through all pairs) through the smallest PSS of
each minute after the warm-up of a third of the run. Garbage is collected by force every five minutes all along, so that the slope
shows what stays and not when V8 last collected. Files, timers and heap are medians of three moments in a window without
faults at the end of the warm-up and of the run; one file or timer more or less is not counted.

| uplink | stored | at the receiver | sent again | missing | conflicts | balances |
|---|---|---|---|---|---|---|
${ledgers.join('\n')}

Parts that are not well at the end: ${unwell(run)}. Console: ${client.calls} calls, ${client.failed} failed, ${client.streams} live streams with
${fixed(client.streamBytes / 1e6)} MB, commands ${JSON.stringify(client.commands)}. Log lines of the agent by level: ${JSON.stringify(run.logged)}.
`;
}

function unwell({ healthAfter, healthBefore }: SoakRun): string {
  const before = new Map(healthBefore.map(({ part, state }) => [part, state]));
  const parts = healthAfter.filter(({ state }) => state !== 'ok' && state !== 'off');
  if (parts.length === 0) return 'none';
  return parts
    .map(({ part, state, message }) => {
      const so = before.get(part) === state ? ', as before the first fault' : '';
      return `${part} (${state}${so}: ${message ?? ''})`;
    })
    .join('; ');
}

export function reportJson(run: SoakRun, figures: Figures, found: readonly string[]): object {
  const { options, plan, collected, cpu, ledgers, reports, client, healthAfter, logged } = run;
  const minima = (of: (one: SoakRun['samples'][number]) => number | null) =>
    minuteMinima(
      run.samples.flatMap((one): Point[] => {
        const value = of(one);
        return value === null ? [] : [[one.minute, value]];
      }),
    ).map(([, value]) => Math.round(value / 1000));
  return {
    passed: found.length === 0,
    found,
    date: new Date().toISOString(),
    machine: machine(),
    options,
    figures,
    pss_minima_kb: {
      agent: minima(({ pss }) => pss),
      own: minima(({ own }) => own),
      node_red: minima(({ nodeRed }) => nodeRed),
    },
    collected: collected.map(({ minute, heap, external, timers, files, threads }) => ({
      minute: Math.round(minute * 10) / 10,
      heap,
      external,
      timers,
      files,
      threads: threads.map((one) => ({
        name: one.name,
        heap: one.heap,
        array_buffers: one.arrayBuffers,
        timers: one.timers,
      })),
    })),
    cpu,
    ledgers,
    reports: Object.fromEntries(
      Object.entries(reports).map(([uplink, { lanes: _, epochs: __, ...totals }]) => [uplink, totals]),
    ),
    client,
    health: healthAfter.map(({ part, state }) => ({ part, state })),
    logged,
    faults: plan,
  };
}

/** Diagnostics of the agent that runs: bundles in its state folder, and the timed trace of a device's frames for the next one. */
import { appendFile, mkdir, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { DiagnosticsBundle } from '../../core/diagnostics.ts';
import { recentLog } from '../../core/recent-log.ts';
import { EVENT_KINDS } from '../../core/record.ts';
import { wallAt } from '../../core/time/clock.ts';
import { Turns } from '../../core/turns.ts';
import type { AgentView } from '../../core/view.ts';
import { LARGEST_FILE, type Piece, writeBundle } from './bundle.ts';
import type { Diagnostics, DiagnosticsOptions } from './late.ts';
import { aboutPiece, doctorPiece, statePiece, textPieces, tracePieces } from './pieces.ts';

/** Bundles and traces that are kept. */
const KEPT = 3;
const MOST_COMMANDS = 100;
const MOST_EVENTS = 200;

export function diagnostics({ view, clock, log, hub, version }: DiagnosticsOptions): Diagnostics {
  const dir = join(view.site.state, 'diagnostics');
  const now = () => Math.round(wallAt(clock.mapping(), clock.mono()).time);
  const stamp = () => new Date(now()).toISOString().replace(/[:.]/g, '-');
  const tell = (body: Readonly<Record<string, string | number>>) =>
    hub.event({ event: 'agent', severity: 'info', time: clock.mono(), body });
  const tracing = new Map<string, Disposable>();
  let making: Promise<DiagnosticsBundle> | undefined;

  const make = async (why: string): Promise<DiagnosticsBundle> => {
    const name = `diagnostics-${stamp()}.tar.gz`;
    const pieces = await piecesOf(view, { why, made: now(), version });
    const bundle = await writeBundle(join(dir, name), pieces, recentLog.secrets);
    await keepNewest(dir, /^diagnostics-.*\.tar\.gz$/);
    log.info('diagnostics.made', { file: bundle.file, bytes: bundle.bytes, why });
    tell({ what: 'diagnostics', file: basename(bundle.file), bytes: bundle.bytes, why });
    return bundle;
  };

  return {
    make(why) {
      making ??= make(why).finally(() => {
        making = undefined;
      });
      return making;
    },
    async trace(device, ms) {
      if (view.frames === undefined) return 'frames cannot be recorded here';
      if (tracing.has(device)) return `${device} is being recorded already`;
      await mkdir(dir, { recursive: true, mode: 0o700 });
      const name = `trace-${device}-${stamp()}.jsonl`;
      let bytes = 0;
      let frames = 0;
      const writing = new Turns();
      const listener = await view.frames(device, (frame) => {
        const { time, dir: direction, bytes: raw, ...rest } = frame;
        const hex = Buffer.from(raw).toString('hex');
        const line = `${JSON.stringify({ time: view.wall(time), dir: direction, hex, ...rest })}\n`;
        if (bytes + line.length > LARGEST_FILE) return;
        bytes += line.length;
        frames += 1;
        void writing.take(() => appendFile(join(dir, name), line, { mode: 0o600 }));
      });
      if (listener === undefined) return `there is no device ${device} whose frames pass through the agent`;
      tracing.set(device, listener);
      clock.after(ms, () => {
        listener[Symbol.dispose]();
        tracing.delete(device);
        void writing.over().then(() => keepNewest(dir, /^trace-.*\.jsonl$/));
        log.info('trace.ended', { device, frames, bytes });
        tell({ what: 'trace', device, file: name, frames, bytes });
      });
      return undefined;
    },
  };
}

async function piecesOf(
  view: AgentView,
  about: { readonly why: string; readonly made: number; readonly version: string },
): Promise<readonly Piece[]> {
  const { site, config } = view;
  const state = config?.state();
  return [
    aboutPiece({ ...about, site: site.id, agent: site.agent.id, running: true }),
    { name: 'health.json', what: 'every part: state, sentence, fix', read: () => view.health() },
    { name: 'ledgers.json', what: 'what each uplink has sent and has left', read: () => view.ledgers() },
    doctorPiece(state?.file ?? 'site.yaml', site),
    { name: 'log.jsonl', what: 'the newest lines of the log', read: () => recentLog.text() },
    { name: 'updates.json', what: 'releases, models, configurations', read: () => view.updates?.status() },
    { name: 'config-history.json', what: 'changes of the site file', read: () => config?.history() },
    { name: 'config-wrong.json', what: 'what is wrong with the file on the disk', read: () => state?.wrong },
    { name: 'site-effective.json', what: 'the configuration in force', read: () => site },
    ...textPieces(config?.texts() ?? []),
    {
      name: 'commands.json',
      what: `the newest ${MOST_COMMANDS} commands and their results`,
      read: () => view.recentCommands(MOST_COMMANDS),
    },
    {
      name: 'events.json',
      what: `the newest ${MOST_EVENTS} events`,
      read: () => view.events?.(EVENT_KINDS, MOST_EVENTS),
    },
    statePiece(site.state),
    ...(await tracePieces(site.state)),
  ];
}

async function keepNewest(dir: string, pattern: RegExp): Promise<void> {
  const names = (await readdir(dir)).filter((name) => pattern.test(name)).sort();
  for (const name of names.slice(0, -KEPT)) await rm(join(dir, name), { force: true });
}

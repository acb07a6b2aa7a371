/**
 * A diagnostics bundle: what somebody far away needs to understand this agent, in one bounded archive, without a secret. And
 * the timed trace of a device's frames, which goes into the next bundle.
 */
import { createWriteStream } from 'node:fs';
import { appendFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { arch, cpus, freemem, loadavg, release, totalmem, uptime } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { create } from 'tar';
import { type Clock, wallAt } from '../../core/clock.ts';
import { asAgentError } from '../../core/errors.ts';
import type { Publisher } from '../../core/hub.ts';
import type { Log } from '../../core/log.ts';
import { recentLog } from '../../core/recent-log.ts';
import { redactedJson, redactor } from '../../core/redact.ts';
import type { AgentView } from '../../core/view.ts';

/** Raw frames of a device from now on, until disposed; undefined where its bytes do not pass through the agent. */
export type FrameSource = (
  device: string,
  listener: (frame: {
    readonly time: number;
    readonly dir: 'up' | 'down';
    readonly bytes: Uint8Array;
  }) => void,
) => Promise<Disposable | undefined>;

export interface DiagnosticsOptions {
  readonly view: AgentView;
  /** Absent: none can be seen. */
  readonly frames?: FrameSource | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly hub: Pick<Publisher, 'event'>;
  readonly version: string;
}

export interface Diagnostics {
  /** Makes a bundle and keeps it; gives its path. */
  make(why: string): Promise<string>;
  /** See `FleetActs`. */
  trace(device: string, ms: number): Promise<string | undefined>;
}

/** Of one file in a bundle, bytes; of the recorded frames too. */
const LARGEST_FILE = 1024 * 1024;
/** Bundles and traces that are kept. */
const KEPT = 3;

export function diagnostics({
  view,
  frames: source,
  clock,
  log,
  hub,
  version,
}: DiagnosticsOptions): Diagnostics {
  const dir = join(view.site.state, 'diagnostics');
  const now = () => Math.round(wallAt(clock.mapping(), clock.mono()).time);
  const stamp = () => new Date(now()).toISOString().replace(/[:.]/g, '-');
  const tell = (body: Readonly<Record<string, string | number>>) =>
    hub.event({ event: 'agent', severity: 'info', time: clock.mono(), body });
  const tracing = new Map<string, Disposable>();

  const contents = async (why: string): Promise<Readonly<Record<string, string>>> => {
    const redact = redactor(recentLog.secrets);
    const json = (value: unknown) => redactedJson(value, redact);
    const part = async (read: () => unknown) =>
      json(
        await Promise.resolve()
          .then(read)
          .catch((thrown: unknown) => ({ error: asAgentError(thrown).message })),
      );
    const text = view.config?.state().text;
    const commands = await part(() => view.recentCommands(100));
    return {
      'about.json': json({
        why,
        made: now(),
        version,
        site: view.site.id,
        agent: view.site.agent.id,
        machine: machine(),
      }),
      'health.json': await part(() => view.health()),
      'ledgers.json': await part(() => view.ledgers()),
      'updates.json': await part(() => view.updates?.status()),
      'config-history.json': await part(() => view.config?.history()),
      'commands.json': commands,
      'site-effective.json': json(view.site),
      ...(text === undefined ? {} : { 'site.yaml': redact(text) }),
      'log.jsonl': redact(recentLog.text()),
      ...(await traces(dir)),
    };
  };

  return {
    async make(why) {
      await mkdir(dir, { recursive: true, mode: 0o700 });
      const name = `diagnostics-${stamp()}`;
      const folder = join(dir, `.${name}`);
      await mkdir(folder, { mode: 0o700 });
      try {
        for (const [file, content] of Object.entries(await contents(why)))
          await writeFile(join(folder, file), newest(content), { mode: 0o600 });
        const bundle = join(dir, `${name}.tar.gz`);
        const files = (await readdir(folder)).sort();
        const tar = create({ gzip: true, cwd: folder, portable: true }, files);
        await pipeline(tar as unknown as NodeJS.ReadableStream, createWriteStream(bundle, { mode: 0o600 }));
        const { size } = await stat(bundle);
        await keepNewest(dir, /^diagnostics-.*\.tar\.gz$/);
        log.info('diagnostics.made', { file: bundle, bytes: size, why });
        tell({ what: 'diagnostics', file: `${name}.tar.gz`, bytes: size, why });
        return bundle;
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    async trace(device, ms) {
      if (source === undefined) return 'frames cannot be recorded here';
      if (tracing.has(device)) return `${device} is being recorded already`;
      await mkdir(dir, { recursive: true, mode: 0o700 });
      const name = `trace-${device}-${stamp()}.jsonl`;
      let bytes = 0;
      let frames = 0;
      let writing: Promise<void> = Promise.resolve();
      const listener = await source(device, (frame) => {
        const { time, dir: direction, bytes: raw, ...rest } = frame;
        const hex = Buffer.from(raw).toString('hex');
        const line = `${JSON.stringify({ time: view.wall(time), dir: direction, hex, ...rest })}\n`;
        if (bytes + line.length > LARGEST_FILE) return;
        bytes += line.length;
        frames += 1;
        writing = writing.then(() => appendFile(join(dir, name), line, { mode: 0o600 })).catch(() => {});
      });
      if (listener === undefined) return `there is no device ${device} whose frames pass through the agent`;
      tracing.set(device, listener);
      clock.after(ms, () => {
        listener[Symbol.dispose]();
        tracing.delete(device);
        void writing.then(() => keepNewest(dir, /^trace-.*\.jsonl$/));
        log.info('trace.ended', { device, frames, bytes });
        tell({ what: 'trace', device, file: name, frames, bytes });
      });
      return undefined;
    },
  };
}

async function traces(dir: string): Promise<Readonly<Record<string, string>>> {
  const names = (await readdir(dir).catch(() => [])).filter((name) => /^trace-.*\.jsonl$/.test(name));
  const read = await Promise.all(
    names.map(async (name) => [name, await readFile(join(dir, name), 'utf8')] as const),
  );
  return Object.fromEntries(read);
}

async function keepNewest(dir: string, pattern: RegExp): Promise<void> {
  const names = (await readdir(dir)).filter((name) => pattern.test(name)).sort();
  for (const name of names.slice(0, -KEPT)) await rm(join(dir, name), { force: true });
}

/** The end of what is too long: the newest lines are the ones that are asked for. */
function newest(content: string): string {
  return content.length <= LARGEST_FILE ? content : `…\n${content.slice(-LARGEST_FILE)}`;
}

function machine() {
  return {
    node: process.version,
    arch: arch(),
    kernel: release(),
    cores: cpus().length,
    load: loadavg(),
    memory: { total: totalmem(), free: freemem(), rss: process.memoryUsage.rss() },
    uptime_s: Math.round(uptime()),
    agent_uptime_s: Math.round(process.uptime()),
  };
}

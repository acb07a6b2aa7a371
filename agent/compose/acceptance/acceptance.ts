/** Tests of a site and the report of its commissioning; what was tested is kept in the state folder over restarts. */
import { readFile } from 'node:fs/promises';
import { arch, platform, release } from 'node:os';
import { join } from 'node:path';
import { modelNames } from '../../../models/folders.ts';
import type {
  AcceptanceActs,
  AcceptanceReport,
  AcceptanceTest,
  ReportDevice,
  TestFact,
} from '../../core/acceptance.ts';
import { replaceFile } from '../../core/durable-file.ts';
import { AgentError, asAgentError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Clock } from '../../core/time/clock.ts';
import { Turns } from '../../core/turns.ts';
import type { AgentView } from '../../core/view.ts';
import { notDone, type Subject, subjectsOf } from './subjects.ts';
import { runTest } from './tests.ts';

const FILE = 'acceptance.json';

export interface AcceptanceOptions {
  readonly view: () => AgentView;
  readonly version: string;
  /** State folder. */
  readonly dir: string;
  readonly clock: Clock;
  readonly log: Log;
}

export interface OpenAcceptance extends AcceptanceActs, AsyncDisposable {}

/** Never rejects: results that cannot be read are as if nothing had been tested. */
export async function openAcceptance({
  view,
  version,
  dir,
  clock,
  log,
}: AcceptanceOptions): Promise<OpenAcceptance> {
  const file = join(dir, FILE);
  const kept = await remembered(file);
  const stop = new AbortController();
  const running = new Map<string, Promise<void>>();
  const saving = new Turns();
  const save = () => {
    const text = JSON.stringify([...kept.values()].filter(({ state }) => state !== 'running'));
    return saving.take(async () => {
      try {
        await replaceFile(file, text);
      } catch (thrown) {
        log.warn('acceptance.not_kept', { error: asAgentError(thrown).message });
      }
    });
  };
  const set = (id: string, test: AcceptanceTest) => void kept.set(id, test);
  const run = async (subject: Subject, by: string, name: string | undefined) => {
    const { id, kind, title } = subject;
    const who = { by, ...(name === undefined ? {} : { name }) };
    const begun = Math.round(view().now());
    const base = { id, kind, title, begun, ...who };
    set(id, { ...base, state: 'running', facts: [] });
    const onFact = (facts: readonly TestFact[]) => set(id, { ...base, state: 'running', facts });
    let ended: AcceptanceTest;
    try {
      const verdict = await runTest(subject, { view: view(), clock, signal: stop.signal, by, onFact });
      ended = {
        ...base,
        state: verdict.fault === undefined ? 'passed' : 'failed',
        ended: Math.round(view().now()),
        ...verdict,
      };
    } catch (thrown) {
      const detail = asAgentError(thrown).message;
      ended = {
        ...base,
        state: 'failed',
        ended: Math.round(view().now()),
        facts: [],
        fault: 'interrupted',
        detail,
      };
    }
    set(id, ended);
    // From here on it can be begun again.
    running.delete(id);
    log.info('acceptance.test', { test: id, state: ended.state, by });
    await save();
  };
  const tests = () => subjectsOf(view().site).map((subject) => kept.get(subject.id) ?? notDone(subject));
  return {
    tests,
    async begin(id, by, name) {
      const subject = subjectsOf(view().site).find((one) => one.id === id);
      if (subject === undefined) throw new AgentError('not-found', `there is no test ${id} on this site`);
      if (!running.has(id) && !stop.signal.aborted) {
        view().audit({ act: 'acceptance-test', test: id, by, ...(name === undefined ? {} : { name }) });
        running.set(id, run(subject, by, name));
      }
      return kept.get(id) ?? notDone(subject);
    },
    report: async (by, name) => reportOf(view(), tests(), { version, dir, by, name }),
    async [Symbol.asyncDispose]() {
      stop.abort(new AgentError('aborted', 'the agent stops'));
      await Promise.allSettled(running.values());
      await saving.over();
    },
  };
}

async function reportOf(
  view: AgentView,
  tests: readonly AcceptanceTest[],
  { version, dir, by, name }: { version: string; dir: string; by: string; name: string | undefined },
): Promise<AcceptanceReport> {
  const { id, title, timezone, position, agent, cameras } = view.site;
  return {
    v: 1,
    site: { id, title, timezone, position },
    agent: agent.id,
    made: Math.round(view.now()),
    by,
    ...(name === undefined ? {} : { name }),
    versions: {
      kerbside: version,
      node: process.version,
      system: `${platform()} ${release()} ${arch()}`,
      models: cameras.length === 0 ? [] : await modelNames(dir),
    },
    ...(view.config === undefined ? {} : { revision: view.config.state().running }),
    devices: view.descriptions().map((one) => deviceOf(view, one)),
    uplinks: view.ledgers().map(({ uplink, connected, stored, acknowledged, backlog }) => ({
      uplink,
      connected,
      stored,
      acknowledged,
      backlog,
    })),
    tests,
  };
}

function deviceOf(
  view: AgentView,
  { hash, description }: ReturnType<AgentView['descriptions']>[number],
): ReportDevice {
  const { device, title, brand, model, asset, points } = description;
  const config = view.site.devices.find(({ id }) => id === device);
  return {
    device,
    title,
    brand,
    model,
    ...(asset === undefined ? {} : { asset }),
    ...(config === undefined ? {} : { line: config.line, profile: config.profile.id }),
    ...(config?.address === undefined ? {} : { address: config.address }),
    hash,
    points: points
      .filter(({ access }) => access !== 'write')
      .map(({ id, title: name, unit, decimals, states }) => {
        const reading = view.hub.latest(device, id);
        return {
          point: id,
          title: name,
          unit,
          ...(decimals === undefined ? {} : { decimals }),
          ...(states === undefined ? {} : { states }),
          value: reading?.value ?? null,
          ...(reading === undefined
            ? {}
            : {
                quality: reading.quality,
                ...(reading.reason === undefined ? {} : { reason: reading.reason }),
                time: Math.round(view.wall(reading.time)),
              }),
        };
      }),
  };
}

async function remembered(file: string): Promise<Map<string, AcceptanceTest>> {
  try {
    const kept: unknown = JSON.parse(await readFile(file, 'utf8'));
    return new Map((Array.isArray(kept) ? kept : []).map((test: AcceptanceTest) => [test.id, test]));
  } catch {
    return new Map();
  }
}

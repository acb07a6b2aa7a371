/** Commissioning as the console sees it: ports, scans one at a time on each, and saving what was accepted. */
import { realpathSync } from 'node:fs';
import type { Commissioning, PortChoice, ScanState } from '../../core/commissioning.ts';
import type { ConfigChanges } from '../../core/config-change.ts';
import { AgentError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Profile } from '../../core/profile.ts';
import type { Json } from '../../core/record.ts';
import type { LineConfig, Site } from '../../core/site.ts';
import type { Clock } from '../../core/time/clock.ts';
import { type Guest, type OpenStage, ownPort, throughLine } from '../scan/access.ts';
import { fullPlan, lineStages, parseTarget, quickPlan, type Stage } from '../scan/plan.ts';
import { lineWith } from './identity.ts';
import { ScanJob } from './job.ts';
import { type Machine, portChoices } from './ports.ts';
import { checkSave, save } from './save.ts';

/** Scans that are remembered. */
const MOST_SCANS = 4;

export interface CommissioningOptions {
  /** The site as it runs. */
  readonly site: () => Site;
  /** How a running line lends its time; undefined where its devices talk by themselves, or there is no such line. */
  readonly guest: (line: string) => Guest | undefined;
  /** All profiles there are, those of the site file included. */
  readonly profiles: () => Promise<readonly Profile[]>;
  /** Absent: the site file cannot be changed from here. */
  readonly config?: ConfigChanges;
  readonly clock: Clock;
  readonly log: Log;
  readonly audit: (body: Readonly<Record<string, Json>>) => void;
  /** In place of this machine's ports; for tests. */
  readonly machine?: Machine;
  readonly ownPort?: OpenStage;
}

export interface OpenCommissioning extends Commissioning, AsyncDisposable {}

export function openCommissioning(options: CommissioningOptions): OpenCommissioning {
  const { site, guest, profiles, config, clock, log, audit } = options;
  const listeners = new Set<(scan: ScanState) => void>();
  const jobs: ScanJob[] = [];
  let closed = false;
  const job = (id: string): ScanJob => {
    const found = jobs.find((one) => one.id === id);
    if (found !== undefined) return found;
    throw new AgentError('not-found', `there is no scan ${id}`, { fix: 'Scan the port again.' });
  };
  const forget = async (one: ScanJob) => {
    const at = jobs.indexOf(one);
    if (at >= 0) jobs.splice(at, 1);
    await one[Symbol.asyncDispose]();
  };
  const tell = (one: ScanJob) => {
    if (!jobs.includes(one)) return;
    const state = one.state();
    for (const listener of [...listeners]) listener(state);
  };
  const changes = (): ConfigChanges => {
    if (config !== undefined) return config;
    throw new AgentError('unsupported', 'saving failed: this agent does not write its site file', {
      fix: 'Write the new devices by hand; kerbside scan shows them as they are to be written.',
    });
  };

  return {
    ports: (): Promise<readonly PortChoice[]> =>
      portChoices(site(), (line) => guest(line) === undefined, options.machine),
    scans: () => jobs.map((one) => one.state()),
    scan: (id) => job(id).state(),
    onScan(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    async start(port, thorough, by) {
      if (closed) throw new AgentError('aborted', 'scan failed: the agent stops');
      const same = jobs.filter((one) => samePort(one.port, port));
      if (same.some((one) => one.searching)) {
        throw new AgentError('port-busy', `scan of ${port} failed: it is being scanned already`, {
          fix: 'Stop that scan, or wait for it.',
        });
      }
      for (const one of same) await forget(one);
      for (const one of jobs.slice(MOST_SCANS - 1)) await forget(one);
      const line = lineWith(site().lines, port, samePort);
      const way = wayTo(line, port, thorough, options);
      audit({ act: 'scan', port, thorough, by, ...(line === undefined ? {} : { line: line.id }) });
      const units = site().devices.flatMap((device) =>
        device.line === line?.id && typeof device.address === 'number' ? [device.address] : [],
      );
      const fresh = new ScanJob({
        port,
        ...(line === undefined ? {} : { line: line.id }),
        thorough,
        by,
        stages: way.stages,
        taken: new Set(units),
        open: way.open,
        profiles,
        site,
        clock,
        log,
        onChange: tell,
      });
      jobs.unshift(fresh);
      return fresh.state();
    },
    async stop(id, by) {
      const one = job(id);
      if (one.searching) audit({ act: 'scan-stopped', port: one.port, by });
      await one.stop();
      return one.state();
    },
    async read(id, devices) {
      const one = job(id);
      await one.read(devices);
      return one.state();
    },
    check: (id, request, signal) => checkSave(job(id), request, site(), changes(), signal),
    async save(id, request, by, signal) {
      return save(job(id), request, { by, site: site(), config: changes(), signal });
    },
    async discard(id, by) {
      const one = job(id);
      audit({ act: 'scan-discarded', port: one.port, by });
      await forget(one);
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      await Promise.allSettled(jobs.splice(0).map((one) => one[Symbol.asyncDispose]()));
    },
  };
}

/** What is asked on a port, and how. Throws where it belongs to a line that cannot lend its time. */
function wayTo(
  line: LineConfig | undefined,
  port: string,
  thorough: boolean,
  { guest, clock, ownPort: own }: CommissioningOptions,
): { readonly stages: readonly Stage[]; readonly open: OpenStage } {
  const plan = thorough ? fullPlan : quickPlan;
  if (line === undefined) return { stages: plan(parseTarget(port)), open: own ?? ownPort(clock) };
  const lent = guest(line.id);
  if (lent === undefined) {
    throw new AgentError(
      'unsupported',
      `scan of ${port} failed: line ${line.id} has it, and its device talks by itself`,
      {
        fix: 'Nothing else can be on such a line. To look what is there, take the line out of the site file first.',
      },
    );
  }
  return { stages: lineStages(line, plan(parseTarget(port))), open: throughLine(lent) };
}

function samePort(a: string, b: string): boolean {
  if (a === b) return true;
  try {
    return realpathSync(a) === realpathSync(b);
  } catch {
    // Not there, or no file: names decide.
    return false;
  }
}

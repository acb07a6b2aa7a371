/** What is known of a new text beforehand: its problems, what differs from what runs, what it costs the lines. */
import { isDeepStrictEqual } from 'node:util';
import type { ConfigCheck, ConfigProposal, LineBudget } from '../../core/config-change.ts';
import type { Site } from '../../core/site.ts';
import { compare } from '../compare.ts';
import type { SiteDeps } from '../deps.ts';
import type { LineFit } from '../load.ts';
import { type Problem, problem } from '../problem.ts';
import { nodeAt, placeAt } from '../tree.ts';
import type { FollowingAgent } from './contract.ts';
import { patchOf } from './patch.ts';
import { type Loaded, loadRevision, revisionOf, textsAt } from './revision.ts';
import type { Right } from './start.ts';

/** Longest trial of devices, ms; an asker over HTTP waits 25 s. */
const LONGEST_TRIAL = 20_000;

export interface CheckOptions {
  readonly file: string;
  /** A new text of the site file … */
  readonly text?: string;
  /** … with those of its templates … */
  readonly templates?: ConfigProposal['templates'];
  /** … or what was loaded already. */
  readonly loaded?: Loaded;
  readonly base?: string | undefined;
  readonly running: Right;
  readonly deps: SiteDeps;
  readonly agent: Pick<FollowingAgent, 'stops'>;
}

export interface Checked {
  readonly check: ConfigCheck;
  /** Absent where the file is wrong. */
  readonly to?: Right;
}

export async function checkText({
  file,
  text = '',
  templates = {},
  loaded,
  base,
  running,
  deps,
  agent,
}: CheckOptions): Promise<Checked> {
  const to = loaded ?? (await loadRevision(file, deps, textsAt(file, text, templates)));
  const now = running.revision.id;
  const patch = patchOf(
    { name: `running ${now}`, text: running.revision.texts.get(file) ?? '' },
    { name: 'new', text: (loaded?.ok ? loaded.revision.texts.get(file) : loaded?.text) ?? text },
  );
  const differs = patch === undefined ? {} : { patch };
  if (!to.ok) {
    const { id } = revisionOf(file, new Map([[file, to.text ?? text]]));
    return { check: { ok: false, revision: id, running: now, problems: to.problems, ...differs } };
  }
  const revision = to.revision.id;
  const moved = movedState(running.site, to);
  if (moved !== undefined)
    return { check: { ok: false, revision, running: now, problems: [moved], ...differs } };
  const changes = compare(running.site, to.site);
  return {
    to,
    check: {
      ok: base === undefined || base === now,
      revision,
      running: now,
      problems: [],
      ...differs,
      changes,
      budget: budgetOf(running, to),
      stops: agent.stops(running.site, to.site, changes),
    },
  };
}

/** The same, with what the devices that are new or other than before answered when they were asked once. */
export async function withTrials(
  checked: Checked,
  agent: Pick<FollowingAgent, 'try'>,
  signal: AbortSignal,
): Promise<Checked> {
  const { check, to } = checked;
  if (!check.ok || to === undefined) return checked;
  const devices = (check.changes ?? []).flatMap(({ part, id, change }) =>
    part === 'device' && change !== 'removed' && id !== undefined ? [id] : [],
  );
  if (devices.length === 0) return checked;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(LONGEST_TRIAL)]);
  return { to, check: { ...check, trials: await agent.try(to.site, devices, limit) } };
}

/** Lines of both, in the order of the new file, those that are gone last. */
function budgetOf(before: Right, after: Right): readonly LineBudget[] {
  const load = ({ site, facts }: Right, line: string) => {
    if (!site.lines.some(({ id }) => id === line)) return undefined;
    if (!site.devices.some((device) => device.line === line)) return 0;
    const fits: ReadonlyMap<string, LineFit> = facts.fits;
    return fits.get(line)?.load ?? null;
  };
  const ids = [...new Set([...after.site.lines, ...before.site.lines].map(({ id }) => id))];
  return ids.map((line) => {
    const [was, is] = [load(before, line), load(after, line)];
    return {
      line,
      ...(was === undefined ? {} : { before: was }),
      ...(is === undefined ? {} : { after: is }),
    };
  });
}

/** The log, and the way back with it, is in the state folder: it does not move while the agent runs. */
function movedState(running: Site, { site, facts: { root, files } }: Right): Problem | undefined {
  if (isDeepStrictEqual(running.state, site.state)) return undefined;
  const path = ['state'];
  const place =
    nodeAt(root, path) === undefined ? { file: files[0] ?? '', line: 1, column: 1 } : placeAt(root, path);
  return problem(
    place,
    path,
    `the state folder cannot change while the agent runs: it is ${running.state}`,
    'stop the agent, move the folder, change the file, start it',
  );
}

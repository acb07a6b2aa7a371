/** Whether a bundle may be taken here: everything that can be said before a part of it is fetched. */
import { createHash } from 'node:crypto';
import type { ContentKey } from '../core/content/content.ts';
import { openEnvelope, UPDATE_TYPE } from '../core/envelope.ts';
import { type Clock, trusted, wallAt } from '../core/time/clock.ts';
import { compareVersions, type UpdateManifest, type UpdateRefusal } from '../core/update.ts';
import type { BootState } from './boot-state.ts';
import { readManifest } from './manifest.ts';

export interface Here {
  readonly site: string;
  readonly agent: string;
  readonly keys: readonly ContentKey[];
  readonly channel: string;
  /** Debian's name. */
  readonly architecture: string;
  /** Version that runs. */
  readonly running: string;
  /** Schema of the log that this version knows. */
  readonly logSchema: number;
  /** The agent was started by its launcher. */
  readonly switchable: boolean;
  readonly clock: Clock;
}

export interface Bundle {
  readonly manifest: UpdateManifest;
  /** SHA-256 of the manifest's payload. */
  readonly digest: string;
}

export type Judged =
  | ({ readonly ok: true } & Bundle)
  | {
      readonly ok: false;
      readonly code: UpdateRefusal;
      readonly reason: string;
      /** Known once its signature holds. */
      readonly manifest?: UpdateManifest;
    };

/** Clocks of a city differ: a manifest may be issued this far ahead of ours, ms. */
const AHEAD = 10 * 60_000;

/** Opens the envelope of a manifest and judges it. Takes any bytes, never throws. */
export function judge(envelope: Uint8Array, state: BootState, here: Here): Judged {
  const opened = openEnvelope(envelope, here.keys, UPDATE_TYPE);
  if (!opened.ok) return opened;
  const read = readManifest(opened.payload);
  if (!read.ok) return { ok: false, code: 'malformed', reason: read.reason };
  const { manifest } = read;
  const digest = createHash('sha256').update(opened.payload).digest('hex');
  const wrong =
    forHere(manifest, here) ?? inTime(manifest, here.clock) ?? fits(manifest, digest, state, here);
  return wrong === undefined ? { ok: true, manifest, digest } : { ok: false, ...wrong, manifest };
}

interface Wrong {
  readonly code: UpdateRefusal;
  readonly reason: string;
}

function forHere({ scope, channel }: UpdateManifest, here: Here): Wrong | undefined {
  const covers = (list: readonly string[], one: string) => list.includes('*') || list.includes(one);
  if (!covers(scope.sites, here.site) || !covers(scope.agents, here.agent))
    return { code: 'wrong-scope', reason: `it is not for ${here.site}/${here.agent}` };
  if (channel !== here.channel)
    return { code: 'wrong-channel', reason: `it is of channel ${channel}, taken is ${here.channel}` };
  return undefined;
}

/** A clock that is not trusted can only be too early (rank floor), so what it calls expired has. */
function inTime({ issued, expires, notBefore }: UpdateManifest, clock: Clock): Wrong | undefined {
  const { time, rank } = wallAt(clock.mapping(), clock.mono());
  const said = (at: number) => new Date(at).toISOString();
  if (rank !== 'none' && time >= expires)
    return { code: 'expired', reason: `it expired on ${said(expires)}` };
  if (!trusted(rank)) return undefined;
  if (time + AHEAD < issued)
    return { code: 'not-yet-issued', reason: `it says it was issued on ${said(issued)}` };
  if (notBefore !== undefined && time < notBefore)
    return { code: 'not-yet-issued', reason: `it is not to be applied before ${said(notBefore)}` };
  return undefined;
}

function fits(manifest: UpdateManifest, digest: string, state: BootState, here: Here): Wrong | undefined {
  if (manifest.kind !== 'release') {
    const key = serialKey(manifest);
    const highest = state.serials[key] ?? 0;
    if (manifest.serial > highest) return undefined;
    const back = before(digest, state);
    if (back !== undefined) return back;
    const code = manifest.serial === highest ? 'replayed' : 'rolled-back';
    return { code, reason: `${key} ${manifest.serial}; ${highest} has been taken already` };
  }
  const { version, architecture, from, log } = manifest;
  if (!here.switchable) {
    return {
      code: 'not-here',
      reason:
        'this agent was not started by its launcher; releases are switched where the package is installed',
    };
  }
  if (architecture !== 'any' && architecture !== here.architecture)
    return { code: 'wrong-architecture', reason: `it is for ${architecture}, this is ${here.architecture}` };
  if (version === here.running) return { code: 'replayed', reason: `${version} runs already` };
  if (compareVersions(version, state.floor) < 0)
    return {
      code: 'rolled-back',
      reason: `it is ${version}, and nothing older than ${state.floor} is taken any more`,
    };
  if (compareVersions(here.running, from) < 0)
    return {
      code: 'too-old',
      reason: `it follows ${from} or newer, this is ${here.running}: take one between first`,
    };
  // What it writes must be readable by the version that would come back.
  if (log.oldest > here.logSchema || log.schema < here.logSchema) {
    return {
      code: 'no-way-back',
      reason: `its log has schema ${log.schema}, which needs ${log.oldest} or newer to go on with; ${here.running} knows ${here.logSchema}`,
    };
  }
  return before(digest, state);
}

/** It was taken back here already. */
function before(digest: string, { refused }: BootState): Wrong | undefined {
  const found = refused.find((one) => one.digest === digest);
  return found && { code: 'refused-before', reason: `${found.version} was returned before: ${found.reason}` };
}

/** Under which a serial is remembered. */
export function serialKey(manifest: Exclude<UpdateManifest, { readonly kind: 'release' }>): string {
  return manifest.kind === 'model' ? `model:${manifest.name}` : 'config';
}

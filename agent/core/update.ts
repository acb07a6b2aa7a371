/**
 * What an agent runs, changed from afar: releases of the agent itself, model packs and configuration, each as a bundle whose
 * manifest the city signed (`envelope.ts`). Times are Unix epoch ms unless they say otherwise.
 */
import type { ContentKey, ContentRefusal } from './content/content.ts';

/** Three numbers: what a release is called and compared by. */
export const VERSION_PATTERN = /^(?:0|[1-9]\d{0,5})\.(?:0|[1-9]\d{0,5})\.(?:0|[1-9]\d{0,5})$/;

/** Below 0: `a` is older than `b`. Both are as `VERSION_PATTERN` says; `factory` and the like compare as 0.0.0. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((one) =>
    (VERSION_PATTERN.test(one) ? one : '0.0.0').split('.').map(Number),
  );
  for (let i = 0; i < 3; i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** One archive of a bundle: a tar, compressed with zstd. Parts of a release have different names at their top. */
export interface UpdatePart {
  readonly name: string;
  /** Name of the file beside the manifest. */
  readonly file: string;
  /** Of the file as it travels, 64 hex digits. */
  readonly sha256: string;
  /** Bytes as it travels, and as it lies on the disk. */
  readonly size: number;
  readonly unpacked: number;
  /** Files and folders in it. */
  readonly entries: number;
}

interface Signed {
  readonly channel: string;
  readonly issued: number;
  readonly expires: number;
  /** Not applied before, where the clock is trusted. */
  readonly notBefore?: number;
  /** Sites and agents it is for; `*` is every one. */
  readonly scope: { readonly sites: readonly string[]; readonly agents: readonly string[] };
}

export interface ReleaseManifest extends Signed {
  readonly kind: 'release';
  readonly version: string;
  readonly architecture: 'arm64' | 'amd64' | 'any';
  /** Oldest version that it may follow. */
  readonly from: string;
  /** Once this one is good, nothing older is taken any more. */
  readonly floor: string;
  /** Schema of the log that it writes, and the oldest one whose agent can go on with such a log. */
  readonly log: { readonly schema: number; readonly oldest: number };
  readonly parts: readonly UpdatePart[];
  /** How long everything that answered before may take to answer again, and how long it then has to stay so, ms. */
  readonly trial: { readonly within: number; readonly soak: number };
}

/** What a model has to find in a picture of its bundle before it may count. */
export interface Golden {
  /** Path in the archive. */
  readonly picture: string;
  readonly class: string;
  readonly atLeast: number;
  readonly atMost: number;
}

export interface ModelManifest extends Signed {
  readonly kind: 'model';
  /** Name of the pack: the folder in its archive. */
  readonly name: string;
  /** Counts up; the same or a lower one is refused. */
  readonly serial: number;
  readonly parts: readonly [UpdatePart];
  readonly golden: readonly Golden[];
}

export interface ConfigManifest extends Signed {
  readonly kind: 'config';
  /** Counts up; the same or a lower one is refused. */
  readonly serial: number;
  /** The whole site file, or a unified diff of what runs here. */
  readonly site: { readonly text: string } | { readonly patch: string };
  /** Texts of its templates, by their path below the site file's folder. */
  readonly templates: Readonly<Record<string, string>>;
  /** Apply it although a device did not answer when it was tried. */
  readonly anyway: boolean;
  /** Why, for the history. */
  readonly why: string;
  /** How long the change is watched before it is kept, ms; absent: as the agent does by itself. */
  readonly watch?: number;
}

export type UpdateManifest = ReleaseManifest | ModelManifest | ConfigManifest;

/** What a bundle is called in events and history: `0.3.0`, `yolox#4`, `#17`. */
export function nameOf(manifest: UpdateManifest): string {
  if (manifest.kind === 'release') return manifest.version;
  return manifest.kind === 'model' ? `${manifest.name}#${manifest.serial}` : `#${manifest.serial}`;
}

export type UpdateRefusal =
  | ContentRefusal
  | 'wrong-channel'
  | 'wrong-architecture'
  | 'too-old'
  | 'refused-before'
  | 'no-way-back'
  | 'unpackable'
  | 'failed-trial'
  | 'unreachable'
  | 'not-here'
  | 'busy'
  | 'not-staged';

/**
 * `staged`: it is whole on the disk. `switched`: it is tried from the next start on. `good`: everything that answered before
 * answers again. `returned`: what ran before runs again. `refused`: nothing was changed.
 */
export type UpdateStep = 'staged' | 'switched' | 'good' | 'returned' | 'refused';

/** A line of the history, and the body of an event `update`. */
export interface UpdateNews {
  readonly what: UpdateStep;
  readonly kind: UpdateManifest['kind'] | 'unknown';
  /** `nameOf`, or what it is thought to be. */
  readonly version: string;
  /** What ran before, or runs again. */
  readonly from?: string;
  readonly code?: UpdateRefusal;
  readonly reason?: string;
  readonly at: number;
}

export interface UpdateStatus {
  /** Version that runs; whether it is the one that was installed as a package. */
  readonly running: string;
  readonly factory: boolean;
  /** Whether releases can be switched here: the agent was started by its launcher. */
  readonly switchable: boolean;
  /** What would run if this one were returned. */
  readonly previous?: string;
  /** Whole on the disk and not running. */
  readonly staged: readonly string[];
  /** What is tried now, since when (Unix epoch ms), and what is still missing. */
  readonly trial?: { readonly version: string; readonly starts: number; readonly missing: readonly string[] };
  /** Oldest version that is taken. */
  readonly floor: string;
  /** The model or configuration that is watched now. */
  readonly watched?: string;
  /** What is being fetched or checked. */
  readonly busy?: string;
  readonly history: readonly UpdateNews[];
}

export type UpdateOutcome =
  | { readonly ok: true; readonly version: string; readonly kind: UpdateManifest['kind'] }
  | { readonly ok: false; readonly code: UpdateRefusal; readonly reason: string };

/** From where, and how far. */
export interface UpdateWish {
  /** `https://…/manifest.json`, or the path of a folder that holds one. */
  readonly source: string;
  /** `stage`: fetch, check, unpack. `apply`: switch to it too. */
  readonly act: 'stage' | 'apply';
  /** Issuer as in commands. */
  readonly by: string;
}

export interface Updates {
  status(): UpdateStatus;
  /** Fetches, checks and, where wished, applies a bundle. Never rejects but when aborted. */
  take(wish: UpdateWish, signal: AbortSignal): Promise<UpdateOutcome>;
}

/** Who may change what an agent runs, and how it is fetched. */
export interface FleetConfig {
  readonly keys: readonly ContentKey[];
  /** Bundles of this channel are taken. */
  readonly channel: string;
  /** PEM of the authority that signed the server of bundles, and a bearer token for it. */
  readonly ca?: string;
  readonly token?: string;
  /** What may be asked for from afar. */
  readonly acts: readonly FleetAct[];
}

/** The device that the agent itself is, where a city may ask it for acts. */
export const FLEET_DEVICE = 'agent';

export const FLEET_ACTS = ['update', 'restart', 'trace', 'diagnostics'] as const;
export type FleetAct = (typeof FLEET_ACTS)[number];

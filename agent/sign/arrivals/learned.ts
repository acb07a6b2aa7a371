/** What a sign has learned, as it is kept over a restart: a sign learns anew within a day, so nothing of it is precious. */
import { type Kept, readKept, writeKept } from '../kept-file.ts';
import type { HabitMemory } from './habits.ts';
import type { LinkMemory } from './links.ts';
import type { PromiseMemory } from './promise.ts';
import type { SkillMemory } from './skill.ts';
import type { Figures } from './tallies.ts';

export interface Learned {
  readonly links: LinkMemory;
  readonly habits: HabitMemory;
  readonly promises: PromiseMemory;
  readonly skills: SkillMemory;
  readonly figures: Figures;
}

/** As it lies on disk. */
export interface LearnedFile extends Learned {
  /** Local date of the figures, `20270621`; empty: not known. */
  readonly date: string;
}

const KIND = { word: 'kerbside-learned', version: 1 } as const;

export type LearnedResult =
  | { readonly kind: 'read'; readonly learned: LearnedFile }
  | Exclude<Kept, { kind: 'read' }>;

/** Reads the file of an earlier run. Never throws. */
export function readLearned(file: string): LearnedResult {
  const kept = readKept(file, KIND);
  // The checksum says that we wrote it, and the version what is in it.
  return kept.kind === 'read' ? { kind: 'read', learned: kept.content as LearnedFile } : kept;
}

/** Resolves when the file is durable; the one before stays until then. */
export function writeLearned(file: string, learned: LearnedFile): Promise<void> {
  return writeKept(file, KIND, learned);
}

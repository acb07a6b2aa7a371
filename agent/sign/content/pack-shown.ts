/**
 * Two packs at once: the newest, and the last one whose media were all here. Until the files of the newest have come, the
 * one before plays on, also over a restart. What is kept is the signed envelope, judged anew when it is taken up.
 */
import { join } from 'node:path';
import type { ContentDocument, MediaItem } from '../../core/content/content.ts';
import { readIfThere, replaceFile } from '../../core/durable-file.ts';
import type { Log } from '../../core/log.ts';
import { Turns } from '../../core/turns.ts';
import type { Documents, InForce } from './documents.ts';

export interface PackShownOptions {
  readonly dir: string;
  readonly documents: Documents;
  readonly log: Log;
}

export class PackShown {
  readonly #options: PackShownOptions;
  /** The last pack whose files were all here. */
  #complete: Pick<InForce, 'document' | 'envelope'> | undefined;
  readonly #saving = new Turns();

  private constructor(options: PackShownOptions) {
    this.#options = options;
  }

  static async open(options: PackShownOptions): Promise<PackShown> {
    const packs = new PackShown(options);
    const envelope = await readIfThere(join(options.dir, 'pack-complete.json')).catch(() => undefined);
    const document = envelope && options.documents.reread(envelope);
    if (envelope !== undefined && document?.channel === 'pack') packs.#complete = { envelope, document };
    return packs;
  }

  /** Packs whose playlists may be shown, the one to be preferred first. */
  candidates(): readonly ContentDocument[] {
    const newest = this.#options.documents.current('pack')?.document;
    const before = this.#before();
    return [...(newest === undefined ? [] : [newest]), ...(before === undefined ? [] : [before])];
  }

  /** What has to be fetched, and what is shown until all of it is here. */
  media(): { readonly wanted: readonly MediaItem[]; readonly kept: readonly MediaItem[] } {
    return {
      wanted: itemsOf(this.#options.documents.current('pack')?.document),
      kept: itemsOf(this.#before()),
    };
  }

  /** Tells that another file is here: once all of the newest pack are, the one before has done its work. */
  update(has: (item: MediaItem) => boolean): void {
    const newest = this.#options.documents.current('pack');
    if (newest === undefined || newest.document.version === this.#complete?.document.version) return;
    if (!itemsOf(newest.document).every(has)) return;
    this.#complete = newest;
    const { dir, log } = this.#options;
    const file = join(dir, 'pack-complete.json');
    this.#saving
      .take(() => replaceFile(file, newest.envelope))
      .catch((thrown) => log.error('content.unsaved', { file, error: String(thrown) }));
  }

  /** Resolves when it is on the disk, or known not to be. */
  saved(): Promise<void> {
    return this.#saving.over();
  }

  #before(): ContentDocument | undefined {
    const document = this.#complete?.document;
    const newest = this.#options.documents.current('pack')?.document;
    if (document === undefined || document.version === newest?.version) return undefined;
    return this.#options.documents.holds(document) ? document : undefined;
  }
}

function itemsOf(document: ContentDocument | undefined): readonly MediaItem[] {
  return document?.playlists.flatMap(({ items }) => items) ?? [];
}

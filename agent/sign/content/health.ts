/** How content is, in a sentence for the health board. */

import { CONTENT_CHANNELS } from '../../core/content/content.ts';
import { type Clock, wallAt } from '../../core/time/clock.ts';
import type { HealthState, PartHealth } from '../../core/view.ts';
import type { Documents } from './documents.ts';
import type { Media } from './media.ts';

/** One place that content or a feed comes from. */
export class SourceHealth {
  readonly #name: string;
  readonly #clock: Clock;
  #state: HealthState = 'starting';
  #since: number;
  #message: string | undefined;
  #fix: string | undefined;

  constructor(name: string, clock: Clock) {
    this.#name = name;
    this.#clock = clock;
    this.#since = nowOf(clock);
  }

  up(): void {
    this.#set('ok', undefined, undefined);
  }

  down(message: string, fix: string | undefined): void {
    this.#set('degraded', message, fix);
  }

  health(): PartHealth {
    return {
      part: `content:${this.#name}`,
      state: this.#state,
      since: this.#since,
      ...(this.#message === undefined ? {} : { message: this.#message }),
      ...(this.#fix === undefined ? {} : { fix: this.#fix }),
      facts: {},
    };
  }

  #set(state: HealthState, message: string | undefined, fix: string | undefined): void {
    if (state !== this.#state) this.#since = nowOf(this.#clock);
    this.#state = state;
    this.#message = message;
    this.#fix = fix;
  }
}

/** The content as a whole: what is in force, what was refused, what is missing. */
export function contentHealth(documents: Documents, media: Media, clock: Clock): PartHealth {
  const { counts, last } = documents.refusals;
  const { wanted, here } = media.progress;
  const versions = Object.fromEntries(
    CONTENT_CHANNELS.map((channel) => [
      `${channel}_version`,
      documents.current(channel)?.document.version ?? 0,
    ]),
  );
  const refused = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const expired = CONTENT_CHANNELS.filter(
    (channel) => documents.version(channel) > 0 && documents.current(channel) === undefined,
  );
  const [message, fix] =
    documents.unsaved !== undefined
      ? [
          `what is shown is not on the disk: ${documents.unsaved}`,
          'Look at the disk; content is shown from memory.',
        ]
      : here < wanted && media.trouble !== undefined
        ? [
            `${wanted - here} of ${wanted} media files are missing: ${media.trouble}`,
            'Look at content.media.',
          ]
        : expired.includes('pack')
          ? ['the pack has expired: no templates, playlists and tiles', 'Publish a new version of it.']
          : last === undefined
            ? []
            : [`content was refused: ${last.reason} (${last.code}, from ${last.from})`, undefined];
  return {
    part: 'content',
    // What was refused changed nothing: it is told, and all is well.
    state: fix === undefined ? 'ok' : 'degraded',
    since: nowOf(clock),
    ...(message === undefined ? {} : { message }),
    ...(fix === undefined ? {} : { fix }),
    facts: { ...versions, refused, media: `${here}/${wanted}` },
  };
}

function nowOf(clock: Clock): number {
  return wallAt(clock.mapping(), clock.mono()).time;
}

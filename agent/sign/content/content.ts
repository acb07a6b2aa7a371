/** Content, put together: documents, media, feeds and the desk, each kept alive by itself. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContentConfig } from '../../core/content/config.ts';
import type { Content, MediaItem } from '../../core/content/content.ts';
import type { Publisher } from '../../core/hub.ts';
import type { Log } from '../../core/log.ts';
import { supervise } from '../../core/supervise.ts';
import type { Clock } from '../../core/time/clock.ts';
import type { PartHealth } from '../../core/view.ts';
import { ContentDesk } from './desk.ts';
import { Documents } from './documents.ts';
import { Feeds } from './feeds/feeds.ts';
import { contentHealth, SourceHealth } from './health.ts';
import { Media } from './media.ts';
import { PackShown } from './pack-shown.ts';
import { documentFolder, mediaFolder } from './sources/folder.ts';
import { documentUrl, mediaUrl } from './sources/https.ts';
import { documentTopics } from './sources/mqtt.ts';
import type { DocumentSource } from './sources/source.ts';
import { TakeoverTime } from './takeovers.ts';

export interface ContentOptions {
  readonly config: ContentConfig;
  readonly site: string;
  readonly agent: string;
  readonly timezone: string;
  /** Folder of the agent's state. */
  readonly state: string;
  /** Ids of everything that shows or speaks content. */
  readonly displays: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  readonly hub: Pick<Publisher, 'event'>;
}

export interface RunningContent extends Content, AsyncDisposable {
  /** Takes an envelope that came some other way; gives why it was refused, or undefined. */
  take(envelope: Uint8Array, from: string): string | undefined;
  /** Path of a media file that is here, whole and part of what may be shown. */
  mediaFile(sha256: string): { readonly path: string; readonly item: MediaItem } | undefined;
  health(): readonly PartHealth[];
  /** Resolves when what is known now is on the disk and nothing is being fetched. */
  settled(): Promise<void>;
}

/** A folder is looked at this often, ms. */
const FOLDER_EVERY = 10_000;

/** Starts it. Rejects only where the state folder cannot be made. */
export async function startContent(options: ContentOptions): Promise<RunningContent> {
  const { config, clock, log, hub, state } = options;
  const dir = join(state, 'content');
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await using stack = new AsyncDisposableStack();
  const stop = new AbortController();
  const documents = await Documents.open({
    dir,
    site: options.site,
    agent: options.agent,
    keys: config.keys,
    clock,
    log,
    hub,
  });
  stack.defer(() => documents.saved());
  const packs = await PackShown.open({ dir, documents, log });
  stack.defer(() => packs.saved());
  const takeoverTime = await TakeoverTime.open(dir, clock);
  stack.defer(() => takeoverTime.saved());
  stack.use(takeoverTime);
  const media = stack.use(
    new Media({
      dir: join(dir, 'media'),
      budget: config.media.budget,
      sources: [
        ...(config.media.folder === undefined ? [] : [mediaFolder(config.media.folder)]),
        ...(config.media.https === undefined ? [] : [mediaUrl(config.media.https)]),
      ],
      clock,
      log,
      refuse: (code, reason, from) => void documents.refuse(code, reason, from),
      onReady: () => {
        packs.update((item) => media.file(item) !== undefined);
        desk.look();
      },
    }),
  );
  let feeds: Feeds | undefined;
  const desk: ContentDesk = stack.use(
    new ContentDesk({
      displays: options.displays,
      timezone: options.timezone,
      documents,
      takeoverTime,
      packs,
      media,
      told: () => feeds?.told() ?? { warnings: [], notices: [] },
      clock,
      log,
      hub,
    }),
  );
  feeds = stack.use(new Feeds({ feeds: config.feeds, clock, log, onTold: desk.look }));
  const fetchMedia = () => {
    const { wanted, kept } = packs.media();
    media.want(wanted, kept);
  };
  stack.use(
    documents.onChange((channel) => {
      if (channel === 'pack') fetchMedia();
      desk.look();
    }),
  );
  fetchMedia();

  const sources = sourcesOf(config);
  const health = new Map(sources.map((source) => [source, new SourceHealth(source.name, clock)] as const));
  const running = sources.map((source) =>
    supervise(
      (healthy, signal) =>
        source.run({
          take: (envelope, from) => void documents.take(envelope, from),
          healthy: () => {
            health.get(source)?.up();
            healthy();
          },
          clock,
          signal,
        }),
      {
        clock,
        signal: stop.signal,
        onDown: (error) => {
          health.get(source)?.down(error.message, error.fix);
          log.warn('content.source-down', { source: source.name, error: error.message });
        },
        onUp: () => log.info('content.source-up', { source: source.name }),
      },
    ),
  );
  stack.defer(async () => {
    stop.abort();
    await Promise.all(running);
  });

  const items = () => packs.candidates().flatMap(({ playlists }) => playlists.flatMap((list) => list.items));
  const owned = stack.move();
  return {
    shown: (display) => desk.shown(display),
    onChange: (listener) => desk.onChange(listener),
    showMessage: (wish) => desk.showMessage(wish),
    templates: () => desk.templates(),
    plain: (template) => desk.plain(template),
    withdraw: (id) => desk.withdraw(id),
    take: (envelope, from) => {
      const taken = documents.take(envelope, from);
      return taken.kind === 'refused' ? `${taken.code}: ${taken.reason}` : undefined;
    },
    mediaFile: (sha256) => {
      const item = items().find((one) => one.sha256 === sha256);
      const path = item && media.file(item);
      return item === undefined || path === undefined ? undefined : { path, item };
    },
    health: () => [
      contentHealth(documents, media, clock),
      ...[...health.values()].map((one) => one.health()),
      ...(feeds?.health() ?? []),
    ],
    settled: async () => {
      await media.settled();
      await documents.saved();
      await packs.saved();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function sourcesOf({ folder, https, mqtt }: ContentConfig): readonly DocumentSource[] {
  return [
    ...(folder === undefined ? [] : [documentFolder(folder, FOLDER_EVERY)]),
    ...https.map(({ every, ...address }) => documentUrl(address, every)),
    ...(mqtt === undefined ? [] : [documentTopics(mqtt)]),
  ];
}

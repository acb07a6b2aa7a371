/**
 * What displays show besides arrivals, put together from the signed documents in force, from messages that somebody inside
 * asked for, and from feeds. Everything leaves by itself when its time is over, whether or not there is a network.
 */
import { createHash, randomUUID } from 'node:crypto';
import { WARNING_COLOURS } from '../../core/board.ts';
import type {
  Content,
  ContentDocument,
  Message,
  MessageOutcome,
  MessageRefusal,
  MessageWish,
  Notice,
  Playlist,
  ReadyPlaylist,
  ShownContent,
  ShownMessage,
  Takeover,
  Template,
  Texts,
  Warning,
  Weather,
} from '../../core/content/content.ts';
import type { Publisher } from '../../core/hub.ts';
import type { Log } from '../../core/log.ts';
import { type Clock, trusted, wallAt } from '../../core/time/clock.ts';
import { LocalDays } from '../../core/time/local-days.ts';
import { LocalTime } from '../../core/time/local-time.ts';
import type { Documents } from './documents.ts';
import type { Media } from './media.ts';
import type { PackShown } from './pack-shown.ts';
import type { TakeoverTime } from './takeovers.ts';
import { fillTemplate } from './template.ts';

/** What feeds give: texts of named sources. */
export interface Told {
  readonly weather?: Weather;
  readonly warnings: readonly Warning[];
  readonly notices: readonly Notice[];
}

export interface DeskOptions {
  /** Ids of the displays there are. */
  readonly displays: readonly string[];
  readonly timezone: string;
  readonly documents: Documents;
  readonly takeoverTime: TakeoverTime;
  readonly packs: PackShown;
  readonly media: Pick<Media, 'file'>;
  readonly told: () => Told;
  readonly clock: Clock;
  readonly log: Log;
  readonly hub: Pick<Publisher, 'event'>;
}

/** How often it is looked whether something has begun or ended, ms. */
const LOOK = 1_000;
/** Messages of `showMessage` at once. */
const MOST_MESSAGES = 32;

interface Asked {
  readonly wish: MessageWish;
  readonly shown: ShownMessage;
  /** Monotonic ms. */
  readonly until: number;
}

export class ContentDesk implements Content, Disposable {
  readonly #options: DeskOptions;
  readonly #days: LocalDays;
  readonly #local: LocalTime;
  readonly #asked = new Map<string, Asked>();
  readonly #listeners = new Set<() => void>();
  readonly #made = new Map<string, { readonly print: string; readonly content: ShownContent }>();
  #revision = 0;
  #timer: Disposable;
  #takeover = '';

  constructor(options: DeskOptions) {
    this.#options = options;
    this.#days = new LocalDays(options.timezone);
    this.#local = new LocalTime(options.timezone);
    this.#timer = options.clock.after(LOOK, () => this.#tick());
  }

  shown(display: string): ShownContent {
    const content = this.#make(display);
    const print = createHash('sha1').update(JSON.stringify(content)).digest('base64');
    const before = this.#made.get(display);
    if (before?.print === print) return before.content;
    this.#revision += 1;
    const made = { ...content, revision: this.#revision };
    this.#made.set(display, { print, content: made });
    return made;
  }

  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Looks at once whether something has changed: a document has come, a file is here, a feed has told. */
  readonly look = (): void => {
    // A template that the city has taken back takes its messages along.
    for (const [id, { wish }] of this.#asked) if (!this.#fill(wish).ok) this.#asked.delete(id);
    const before = this.#revision;
    for (const display of this.#options.displays) this.shown(display);
    this.#sayTakeover();
    if (this.#revision === before) return;
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch (thrown) {
        this.#listeners.delete(listener);
        this.#options.log.error('content.listener-failed', { error: String(thrown) });
      }
    }
  };

  showMessage(wish: MessageWish): MessageOutcome {
    const { clock, log, hub, displays } = this.#options;
    const filled = this.#fill(wish);
    if (!filled.ok) return this.#refusal(wish, filled.code, filled.reason);
    const { template } = filled;
    if (wish.display !== undefined && !displays.includes(wish.display)) {
      return this.#refusal(
        wish,
        'unknown-display',
        `there is no such display; there is ${displays.join(', ')}`,
      );
    }
    if (!Number.isInteger(wish.priority) || wish.priority < 1 || wish.priority > template.priority) {
      const reason = `template ${template.id} takes priorities from 1 to ${template.priority}`;
      return this.#refusal(wish, 'bad-priority', reason);
    }
    if (!(wish.ttl > 0 && wish.ttl <= template.longest)) {
      return this.#refusal(
        wish,
        'bad-ttl',
        `template ${template.id} is shown for at most ${template.longest} ms`,
      );
    }
    const id = wish.id ?? `m-${randomUUID()}`;
    if (!this.#asked.has(id) && this.#asked.size >= MOST_MESSAGES) {
      return this.#refusal(wish, 'too-many', `${MOST_MESSAGES} messages are shown already`);
    }
    const { texts } = filled;
    const shown: ShownMessage = {
      id,
      template: template.id,
      texts,
      priority: wish.priority,
      spoken: template.spoken,
      issuer: wish.issuer,
    };
    this.#asked.set(id, { wish: { ...wish, id }, shown, until: clock.mono() + wish.ttl });
    const facts = {
      id,
      template: template.id,
      issuer: wish.issuer,
      priority: wish.priority,
      ttl_ms: wish.ttl,
    };
    log.info('content.message', facts);
    hub.event({
      event: 'content',
      severity: 'info',
      time: clock.mono(),
      body: { what: 'message', ...facts, fields: { ...wish.fields }, display: wish.display ?? '*' },
    });
    this.look();
    return { shown: true, id, texts };
  }

  templates(): readonly Template[] {
    return this.#options.documents.current('pack')?.document.templates ?? [];
  }

  plain(template: string): Texts | undefined {
    const filled = this.#fill({ template, fields: {} });
    return filled.ok ? filled.texts : undefined;
  }

  withdraw(id: string): boolean {
    const had = this.#asked.delete(id);
    if (had) this.look();
    return had;
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }

  #tick(): void {
    this.#timer = this.#options.clock.after(LOOK, () => this.#tick());
    const now = this.#options.clock.mono();
    for (const [id, { until }] of this.#asked) if (now >= until) this.#asked.delete(id);
    this.look();
  }

  #fill(
    wish: Pick<MessageWish, 'template' | 'fields'>,
  ):
    | { readonly ok: true; readonly template: Template; readonly texts: ShownMessage['texts'] }
    | { readonly ok: false; readonly code: MessageRefusal; readonly reason: string } {
    const templates = this.templates();
    const template = templates.find(({ id }) => id === wish.template);
    if (template === undefined) {
      const has = templates.map(({ id }) => id).slice(0, 12);
      const reason = `the pack in force has no such template; it has ${has.length === 0 ? 'none' : has.join(', ')}`;
      return { ok: false, code: 'unknown-template', reason };
    }
    const filled = fillTemplate(template, wish.fields);
    return filled.ok ? { ok: true, template, texts: filled.texts } : filled;
  }

  #make(display: string): Omit<ShownContent, 'revision'> & { readonly revision: number } {
    const { documents, told } = this.#options;
    const now = this.#now();
    const pack = documents.current('pack')?.document;
    const notices = documents.current('notices')?.document;
    const fed = told();
    const takeover = this.#takeoverOf(display);
    const playlist = this.#playlist(display);
    const weather = [notices?.weather, fed.weather].find((one) => one !== undefined && holds(one, now));
    const warnings = [...(notices?.warnings ?? []), ...fed.warnings].filter((one) => holds(one, now));
    return {
      revision: 0,
      ...(takeover === undefined ? {} : { takeover }),
      messages: this.#messages(display, pack),
      ...(playlist === undefined ? {} : { playlist }),
      tiles: pack?.tiles ?? [],
      ...(weather === undefined ? {} : { weather }),
      warnings: warnings.toSorted((a, b) => rank(b) - rank(a) || b.issued - a.issued),
      notices: [...(notices?.notices ?? []), ...fed.notices].filter((one) => holds(one, now)),
    };
  }

  #takeoverOf(display: string): Takeover | undefined {
    const { documents, takeoverTime } = this.#options;
    const document = documents.current('takeover')?.document;
    if (document === undefined) return undefined;
    return takeoverTime
      .inForce(document)
      .filter((one) => (one.display ?? display) === display)
      .toSorted((a, b) => b.priority - a.priority || (b.from ?? 0) - (a.from ?? 0))[0];
  }

  #messages(display: string, pack: ContentDocument | undefined): readonly ShownMessage[] {
    const now = this.#now();
    const planned = (pack?.messages ?? [])
      .filter((one) => within(one, now) && (one.display ?? display) === display)
      .flatMap((one) => this.#planned(one));
    const asked = [...this.#asked.values()]
      .filter(({ wish }) => (wish.display ?? display) === display)
      .map(({ shown }) => shown);
    return [...asked, ...planned].toSorted((a, b) => b.priority - a.priority);
  }

  /** A message of the pack itself; one whose fields do not fit its template says so in the log when the pack comes. */
  #planned(message: Message): readonly ShownMessage[] {
    const filled = this.#fill(message);
    if (!filled.ok) return [];
    const { id, priority } = message;
    const { spoken, id: template } = filled.template;
    return [{ id, template, texts: filled.texts, priority, spoken, issuer: 'content:pack' }];
  }

  /** Of the newest pack, where all of its files are here; else of the one before. */
  #playlist(display: string): ReadyPlaylist | undefined {
    const { packs, media } = this.#options;
    for (const document of packs.candidates()) {
      const playlist = document.playlists.find((one) => this.#plays(one, display));
      const items = playlist?.items.map((item) => ({ ...item, file: media.file(item) ?? '' })) ?? [];
      if (items.some(({ file }) => file === '')) continue;
      return playlist === undefined ? undefined : { id: playlist.id, items };
    }
    return undefined;
  }

  #plays({ display, from, until, days, hours }: Playlist, shown: string): boolean {
    const now = this.#now();
    if ((display ?? shown) !== shown) return false;
    if (!within({ ...(from === undefined ? {} : { from }), until: until ?? Number.POSITIVE_INFINITY }, now)) {
      return false;
    }
    // Hours and weekdays mean nothing while the time is not known; better an item out of hours than an empty place.
    if (!trusted(now.rank)) return true;
    const minute = ((now.time + this.#local.offset(now.time)) % 86_400_000) / 60_000;
    const [begin, end] = hours ?? [0, 1440];
    const overMidnight = begin > end;
    const inHours = overMidnight ? minute >= begin || minute < end : minute >= begin && minute < end;
    // What runs over midnight belongs to the day it began on.
    const day = overMidnight && minute < end ? now.time - 86_400_000 : now.time;
    return inHours && (days === undefined || days.includes(this.#days.date(day).weekday));
  }

  #sayTakeover(): void {
    const { displays, hub, clock, log } = this.#options;
    const now = displays.flatMap((display) => {
      const one = this.#takeoverOf(display);
      return one === undefined ? [] : [`${display}:${one.id}`];
    });
    const told = now.join(' ');
    if (told === this.#takeover) return;
    this.#takeover = told;
    log.warn('content.takeover', { on: now });
    const what = now.length === 0 ? 'takeover-ended' : 'takeover';
    hub.event({ event: 'content', severity: 'warning', time: clock.mono(), body: { what, on: now } });
  }

  #refusal(wish: MessageWish, code: MessageRefusal, reason: string): MessageOutcome {
    // What was asked for is not repeated: it is somebody else's text.
    this.#options.log.warn('content.message-refused', { issuer: wish.issuer, code, reason });
    return { shown: false, code, reason };
  }

  #now() {
    return wallAt(this.#options.clock.mapping(), this.#options.clock.mono());
  }
}

type Now = ReturnType<typeof wallAt>;

/** A clock that is not trusted is a floor: what it calls over is over, what it calls to come may have begun. */
function within({ from, until }: { readonly from?: number; readonly until: number }, now: Now): boolean {
  if (now.rank === 'none') return true;
  return (now.time >= (from ?? 0) || !trusted(now.rank)) && now.time < until;
}

function holds(one: { readonly from?: number; readonly expires: number }, now: Now): boolean {
  return within({ ...(one.from === undefined ? {} : { from: one.from }), until: one.expires }, now);
}

function rank({ colour }: Warning): number {
  return WARNING_COLOURS.indexOf(colour);
}

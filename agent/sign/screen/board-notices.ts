/** What a board says beside the buses: alerts of centres, warnings, announcements, weather, tiles; each with its end. */
import type {
  BoardAlert,
  BoardAnnouncement,
  BoardWarning,
  BoardWeather,
  MediaItem,
  QrRows,
  Takeover,
  Tile,
} from '../../core/board.ts';
import type { ShownContent } from '../../core/content/content.ts';
import type { StopExtract } from '../../core/sign/timetable.ts';
import type { Informed, ServiceAlert } from '../../core/sign/transit.ts';
import type { Names } from './names.ts';

/** Alerts are older than this and touch the network only: everybody has seen them, ms. */
const STALE = 35 * 24 * 3_600_000;

export interface AlertInputs {
  readonly alerts: readonly ServiceAlert[];
  readonly extract: StopExtract | undefined;
  readonly stops: readonly string[];
  readonly names: Names;
  /** Unix epoch, ms; undefined while the time is not trusted: then what would have an end in doubt stays. */
  readonly now: number | undefined;
}

const SEVERITY = { unknown: 'info', info: 'info', warning: 'warning', severe: 'severe' } as const;
const SCOPES = ['stop', 'line', 'network'] as const;
const GRAVE = ['severe', 'warning', 'info'] as const;

/** Alerts that concern this stop, also of lines that no longer call here. Sorted: stop, line, network; graver first. */
export function boardAlerts(inputs: AlertInputs): {
  readonly alerts: readonly BoardAlert[];
  readonly byLine: ReadonlyMap<string, readonly string[]>;
} {
  const { names, now, extract } = inputs;
  const byLine = new Map<string, string[]>();
  const found = inputs.alerts.flatMap((alert) => {
    const period = inForce(alert, now);
    if (period === undefined) return [];
    // Whoever is named by nothing is everybody.
    const informed = alert.informed.length === 0 ? [{}] : alert.informed;
    const scope = SCOPES.find((one) => informed.some((whom) => scopeOf(whom, inputs) === one));
    if (scope === undefined) return [];
    if (scope === 'network' && now !== undefined && now - alert.updated > STALE) return [];
    const lines = alert.informed.flatMap((whom) =>
      scopeOf(whom, inputs) === undefined ? [] : (whom.line ?? []),
    );
    for (const line of lines) byLine.set(line, [...(byLine.get(line) ?? []), alert.id]);
    const badge = (id: string) => extract?.lines.find((line) => line.id === id)?.name.text ?? id;
    const title = names.texts(textsOf(alert, 'header'));
    const body = alert.texts.some(({ description }) => description !== undefined)
      ? names.texts(textsOf(alert, 'description'))
      : undefined;
    const one: BoardAlert = {
      id: alert.id,
      severity: SEVERITY[alert.severity],
      scope,
      lines: [...new Set(lines.map(badge))],
      title,
      ...(body === undefined ? {} : { body }),
      source: alert.source,
      ...(period.to === undefined || now === undefined ? {} : { endsIn: period.to - now }),
    };
    return [one];
  });
  const alerts = found.toSorted(
    (a, b) =>
      SCOPES.indexOf(a.scope) - SCOPES.indexOf(b.scope) ||
      GRAVE.indexOf(a.severity) - GRAVE.indexOf(b.severity),
  );
  return { alerts, byLine };
}

/** The period it is shown in, now; undefined: none. Without a trusted time whatever the feed gave is shown. */
function inForce(
  { active }: ServiceAlert,
  now: number | undefined,
): { readonly from?: number; readonly to?: number } | undefined {
  if (active.length === 0 || now === undefined) return active[0] ?? {};
  return active.find(({ from = 0, to = Number.POSITIVE_INFINITY }) => now >= from && now < to);
}

/** How an alert touches this stop; undefined: not at all. */
function scopeOf(whom: Informed, { stops, extract }: AlertInputs): BoardAlert['scope'] | undefined {
  if (whom.stop !== undefined) return stops.includes(whom.stop) ? 'stop' : undefined;
  if (whom.line !== undefined) {
    return extract?.lines.some(({ id }) => id === whom.line) === true ? 'line' : undefined;
  }
  if (whom.trip !== undefined) {
    const { trip, line } = whom.trip;
    const ours =
      extract?.trips.some(({ id }) => id === trip) === true ||
      extract?.lines.some(({ id }) => id === line) === true;
    return ours ? 'line' : undefined;
  }
  return 'network';
}

function textsOf({ texts }: ServiceAlert, part: 'header' | 'description'): Record<string, string> {
  const found: Record<string, string> = {};
  for (const text of texts) {
    const said = text[part];
    if (said !== undefined) found[text.language ?? 'und'] = said;
  }
  return found;
}

export interface ContentInputs {
  readonly content: ShownContent;
  readonly names: Names;
  readonly now: number | undefined;
  /** Path on the screen's listener of a file with this hash. */
  readonly mediaUrl: (sha256: string) => string;
  readonly qr: (url: string) => QrRows | undefined;
}

export interface BoardContent {
  readonly takeover?: Takeover;
  readonly warnings: readonly BoardWarning[];
  readonly weather?: BoardWeather;
  readonly announcements: readonly BoardAnnouncement[];
  readonly playlist: readonly MediaItem[];
  readonly tiles: readonly Tile[];
}

export function boardContent({ content, names, now, mediaUrl, qr }: ContentInputs): BoardContent {
  const { takeover, messages, playlist, tiles, weather, warnings, notices } = content;
  const ends = (time: number) => (now === undefined ? {} : { endsIn: time - now });
  return {
    ...(takeover === undefined
      ? {}
      : {
          takeover: {
            id: takeover.id,
            severity: takeover.severity,
            title: names.texts(takeover.title),
            body: names.texts(takeover.text),
            ...(takeover.spoken ? { spoken: true as const } : {}),
            ...ends(takeover.until),
          },
        }),
    warnings: warnings.map(({ id, colour, event, text, source, expires }) => ({
      id,
      colour,
      title: names.texts(event),
      body: names.texts(text),
      source: names.texts(source).main,
      ...ends(expires),
    })),
    ...(weather === undefined
      ? {}
      : {
          weather: {
            ...(weather.sky === undefined ? {} : { sky: weather.sky }),
            ...(weather.temperature === undefined ? {} : { temperature: weather.temperature }),
            ...(weather.low === undefined ? {} : { low: weather.low }),
            ...(weather.high === undefined ? {} : { high: weather.high }),
            source: names.texts(weather.source).main,
            ...ends(weather.expires),
          },
        }),
    announcements: [
      ...messages.map(({ id, texts }) => ({ id, kind: 'notice' as const, text: names.texts(texts) })),
      ...notices.map(({ id, kind, title, source, expires }) => ({
        id,
        kind,
        text: names.texts(title),
        source: names.texts(source).main,
        ...ends(expires),
      })),
    ],
    playlist: (playlist?.items ?? []).map(({ sha256, type, seconds, alt }, index) => ({
      id: `${playlist?.id ?? ''}:${index}`,
      kind: type.startsWith('video/') ? 'video' : 'image',
      url: mediaUrl(sha256),
      hash: sha256,
      duration: seconds * 1000,
      alt: alt === undefined ? { main: '' } : names.texts(alt),
    })),
    tiles: tiles.map(({ id, kind, title, text, url }) => {
      const rows = qr(url);
      return {
        id,
        kind,
        title: names.texts(title),
        url,
        ...(text === undefined ? {} : { text: names.texts(text) }),
        ...(rows === undefined ? {} : { qr: rows }),
      };
    }),
  };
}

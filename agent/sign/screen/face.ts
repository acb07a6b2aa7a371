/**
 * The face of a sign: every text it shows, ready to be put on a screen, from a board and the time that has passed since. One
 * function for agent, page and proof, so that what is painted can be compared with what should be, word by word.
 */
import {
  AGE_LIMITS,
  type Board,
  type BoardAlert,
  type BoardClock,
  type Feedback,
  type MediaItem,
  type QrRows,
  type Words,
} from '../../core/board.ts';
import type { SignLanguage } from '../../core/sign/sign.ts';
import { over } from './ageing.ts';
import { type FaceLine, faceLine, lineNumber } from './face-line.ts';
import { type Label, label, weekday } from './labels.ts';

export type Tone = 'good' | 'amber' | 'red' | 'plain';

export interface FaceNotice {
  readonly id: string;
  readonly kind: 'alert' | 'warning' | 'notice' | 'news' | 'shop' | 'offline' | 'fault';
  readonly tone: 'info' | 'warning' | 'severe' | 'blue' | 'yellow' | 'orange' | 'red';
  readonly label: Words;
  readonly title: Words;
  readonly body?: Words;
  readonly source?: Words;
}

export interface FaceTile {
  readonly id: string;
  readonly title: Words;
  readonly text?: Words;
  readonly url?: string;
  readonly qr?: QrRows;
}

/** Instead of the board: nothing else is shown. */
export interface FaceCover {
  readonly kind: 'takeover' | 'fault';
  readonly severity: 'notice' | 'emergency';
  readonly label: Words;
  readonly title: Words;
  readonly body?: Words;
  readonly source?: Words;
  readonly code?: string;
}

export interface Face {
  readonly languages: readonly SignLanguage[];
  readonly palette: 'day' | 'night';
  readonly brightness: number;
  readonly quiet: boolean;
  readonly stop: Words;
  readonly code?: string;
  readonly side?: Words;
  readonly time?: string;
  readonly date?: Words;
  /** In place of time and date. */
  readonly clockLost?: Words;
  readonly weather?: {
    readonly sky?: Words;
    readonly icon?: string;
    readonly text?: string;
    readonly source: Words;
  };
  readonly measured: readonly { readonly id: string; readonly label: Words; readonly text: string }[];
  readonly updated: { readonly words: Words; readonly tone: Tone };
  readonly cover?: FaceCover;
  /** Over the rows where all of them have the same to say. */
  readonly headline?: { readonly kind: 'night' | 'no-service' | 'no-data'; readonly words: Words };
  readonly lines: readonly FaceLine[];
  readonly notices: readonly FaceNotice[];
  readonly media: readonly MediaItem[];
  readonly tiles: readonly FaceTile[];
  readonly feedback: readonly { readonly id: Feedback; readonly words: Words }[];
  readonly camera?: { readonly url: string; readonly words: Words };
  /** Who to call, on every face. */
  readonly phone: string;
  readonly device: string;
}

/** A page dims no further than this: below it, figures fall under 7 : 1. */
const LEAST_LIGHT = 0.85;
const HOUR = 3_600_000;
const MINUTE = 60_000;
/** Age of the newest data at which the corner turns amber and red, ms. */
const AMBER = 60_000;
const RED = 180_000;
/** An outage is worth a word from here on, ms. */
const OUTAGE = 60_000;

/**
 * `elapsed`: ms of street time since the board was made. `silent`: ms of real time for which the agent has not been heard,
 * on a page; absent: it is there.
 */
export function faceOf(board: Board, elapsed: number, silent?: number): Face {
  const { languages, stop, device, light, quiet } = board;
  const say = (key: Label, values?: Parameters<typeof label>[2]) => label(languages, key, values);
  const lines = board.lines.map((line) => faceLine(line, elapsed, languages));
  const cover = coverOf(board, elapsed, say) ?? faultOf(board, lines, silent, say);
  return {
    languages,
    palette: light.palette,
    brightness: light.byPage ? Math.max(LEAST_LIGHT, light.brightness) : 1,
    quiet,
    stop: stop.name,
    ...(stop.code === undefined ? {} : { code: stop.code }),
    ...(stop.side === undefined ? {} : { side: stop.side }),
    ...clockOf(board, elapsed, say),
    ...weatherOf(board, elapsed, say),
    measured: board.measured.map(({ id, title, text }) => ({ id, label: title, text })),
    updated: updatedOf(board, elapsed, say),
    ...(cover === undefined ? {} : { cover }),
    ...headlineOf(board, lines, elapsed, say),
    lines,
    notices: noticesOf(board, elapsed, silent, say),
    media: quiet ? [] : board.playlist.filter(({ endsIn }) => !over(endsIn, elapsed)),
    tiles: board.tiles.map(({ id, title, text, url, qr }) => ({
      id,
      title,
      ...(url === undefined ? {} : { url }),
      ...(text === undefined ? {} : { text }),
      ...(qr === undefined ? {} : { qr }),
    })),
    feedback: board.feedback.map((id) => ({ id, words: say(`feedback.${id}`) })),
    ...(board.camera === undefined ? {} : { camera: { url: board.camera, words: say('camera') } }),
    phone: device.phone,
    device: device.id,
  };
}

type Say = (key: Label, values?: Parameters<typeof label>[2]) => Words;

/** Local time at `elapsed`, as if it were UTC. */
export function localNow(clock: BoardClock, elapsed: number): Date {
  const { wall, offset, changeIn, offsetThen } = clock;
  const changed = changeIn !== undefined && offsetThen !== undefined && elapsed >= changeIn;
  return new Date(wall + elapsed + (changed ? offsetThen : offset));
}

/** `HH:mm` of a local time. */
function hhmm(local: Date): string {
  return local.toISOString().slice(11, 16);
}

function clockOf({ clock, languages }: Board, elapsed: number, say: Say): Partial<Face> {
  if (clock === undefined) return { clockLost: say('clock.lost') };
  const local = localNow(clock, elapsed);
  const values = {
    month: local.getUTCMonth() + 1,
    day: local.getUTCDate(),
    weekday: weekday(languages, local.getUTCDay()),
  };
  return { time: hhmm(local), date: say('date', values) };
}

function weatherOf({ weather, languages }: Board, elapsed: number, say: Say): Partial<Face> {
  if (weather === undefined || over(weather.endsIn, elapsed)) return {};
  const { sky, temperature, low, high, source } = weather;
  const figures = [
    temperature === undefined ? undefined : `${Math.round(temperature)}°C`,
    low === undefined || high === undefined ? undefined : `${Math.round(low)}–${Math.round(high)}°C`,
  ].filter((text) => text !== undefined);
  return {
    weather: {
      ...(sky === undefined ? {} : { sky: label(languages, `sky.${sky}`), icon: sky }),
      ...(figures.length === 0 ? {} : { text: figures.join('  ') }),
      source: say('source', { source }),
    },
  };
}

function updatedOf({ dataAge, clock }: Board, elapsed: number, say: Say): Face['updated'] {
  if (dataAge === undefined) return { words: say('updated.never'), tone: 'amber' };
  const age = dataAge + elapsed;
  const tone: Tone = age > RED ? 'red' : age > AMBER ? 'amber' : 'good';
  if (clock !== undefined) {
    const time = localNow(clock, -dataAge).toISOString().slice(11, 19);
    return { words: say('updated', { time }), tone };
  }
  // Ten seconds are near enough, and a text that changes each second draws the eye for nothing.
  if (age < 10_000) return { words: say('updated.now'), tone };
  if (age < 2 * MINUTE) return { words: say('updated.ago', { n: Math.floor(age / 10_000) * 10 }), tone };
  return { words: say('updated.minutes', { n: Math.floor(age / MINUTE) }), tone };
}

function coverOf({ takeover, languages }: Board, elapsed: number, say: Say): FaceCover | undefined {
  if (takeover === undefined || over(takeover.endsIn, elapsed)) return undefined;
  const { severity, title, body, source } = takeover;
  return {
    kind: 'takeover',
    severity,
    label: label(languages, severity === 'emergency' ? 'emergency' : 'notice'),
    title,
    ...(body === undefined ? {} : { body }),
    ...(source === undefined ? {} : { source: say('source', { source }) }),
  };
}

/** The agent says so, or it has been silent for so long that no row has anything honest left. */
function faultOf(
  { fault, languages }: Board,
  lines: readonly FaceLine[],
  silent: number | undefined,
  say: Say,
): FaceCover | undefined {
  const dead = silent !== undefined && silent > SILENT && lines.every(({ times }) => times.length === 0);
  if (fault === undefined && !dead) return undefined;
  return {
    kind: 'fault',
    severity: 'notice',
    label: label(languages, 'fault'),
    title: say('fault.text'),
    ...(fault === undefined ? {} : { code: fault.code }),
  };
}

/** Silence of the agent, ms of real time, from which on the page says so. */
export const SILENT = 12_000;

function headlineOf(
  { lines: told, dataAge }: Board,
  lines: readonly FaceLine[],
  elapsed: number,
  say: Say,
): Pick<Face, 'headline'> | Record<string, never> {
  if (told.length === 0) return {};
  const all = (state: string) =>
    lines.every(({ note, times }) => times.length === 0 && note?.state === state);
  if (all('night')) return { headline: { kind: 'night', words: say('night.text') } };
  if (all('no-service')) return { headline: { kind: 'no-service', words: say('no-service.text') } };
  const live = lines.some(({ times }) => times.some(({ state }) => state !== 'timetable'));
  const age = dataAge === undefined ? Number.POSITIVE_INFINITY : dataAge + elapsed;
  // A line at a time may well have a plan only; that nothing at all is heard is what is said.
  if (live || age <= AGE_LIMITS.stops || all('headway')) return {};
  const waiting = lines.some(({ times, note }) => times.length > 0 || note?.state === 'no-data');
  if (!waiting) return {};
  const planned = lines.some(({ times }) => times.length > 0);
  return { headline: { kind: 'no-data', words: say(planned ? 'no-data.text' : 'no-data.plain') } };
}

function noticesOf(
  board: Board,
  elapsed: number,
  silent: number | undefined,
  say: Say,
): readonly FaceNotice[] {
  const { alerts, warnings, announcements, offlineFor } = board;
  const notices: FaceNotice[] = [];
  if (silent !== undefined && silent > SILENT) {
    const title = say('fault.band');
    notices.push({ id: 'fault', kind: 'fault', tone: 'severe', label: say('fault'), title });
  } else if (offlineFor !== undefined && offlineFor + elapsed >= OUTAGE) {
    const away = offlineFor + elapsed;
    const title =
      away < 2 * HOUR
        ? say('offline', { n: Math.floor(away / MINUTE) })
        : say('offline.hours', { n: Math.floor(away / HOUR) });
    notices.push({ id: 'offline', kind: 'offline', tone: 'info', label: say('no-data'), title });
  }
  for (const alert of alerts) if (!over(alert.endsIn, elapsed)) notices.push(alertNotice(alert, say));
  for (const { id, colour, title, body, source, endsIn } of warnings) {
    if (over(endsIn, elapsed)) continue;
    notices.push({
      id,
      kind: 'warning',
      tone: colour,
      label: say(`warning.${colour}`),
      title,
      ...(body === undefined ? {} : { body }),
      source: say('source', { source }),
    });
  }
  for (const { id, kind, text, source, endsIn } of announcements) {
    if (over(endsIn, elapsed)) continue;
    notices.push({
      id,
      kind,
      tone: 'info',
      label: say(kind),
      title: text,
      ...(source === undefined ? {} : { source: say('source', { source }) }),
    });
  }
  return notices;
}

function alertNotice({ id, severity, scope, lines, title, body, source }: BoardAlert, say: Say): FaceNotice {
  const about =
    lines.length === 0
      ? say(`alert.${scope}`)
      : say('alert.lines', { lines: lines.map(lineNumber).join('、') });
  return {
    id,
    kind: 'alert',
    tone: severity,
    label: about,
    title,
    ...(body === undefined ? {} : { body }),
    source: say('source', { source }),
  };
}

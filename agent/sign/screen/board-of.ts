/** The board of a sign from everything it knows, at one moment: a pure function. */

import type {
  Board,
  BoardClock,
  BoardLight,
  BoardMeasured,
  Feedback,
  QrRows,
  Words,
} from '../../core/board.ts';
import type { ShownContent } from '../../core/content/content.ts';
import type { ArrivalBoard } from '../../core/sign/arrival.ts';
import type { SignLanguage } from '../../core/sign/sign.ts';
import type { StopExtract } from '../../core/sign/timetable.ts';
import type { ServiceAlert } from '../../core/sign/transit.ts';
import { zoneOffset } from '../../core/time/zone.ts';
import { boardLines } from './board-lines.ts';
import { boardAlerts, boardContent } from './board-notices.ts';
import type { Names } from './names.ts';

export interface BoardInputs {
  readonly run: string;
  readonly seq: number;
  readonly rate: number;
  /** IANA zone of the stop. */
  readonly timezone: string;
  readonly languages: readonly SignLanguage[];
  readonly names: Names;
  /** Name that the site gives the stop; absent: the timetable's. */
  readonly title?: Words;
  readonly stops: readonly string[];
  readonly device: Board['device'];
  readonly arrivals: ArrivalBoard;
  readonly extract: StopExtract | undefined;
  readonly alerts: readonly ServiceAlert[];
  /** Age of the newest thing heard about buses, ms; absent: by the rows. */
  readonly dataAge?: number;
  readonly content: ShownContent | undefined;
  readonly measured: readonly BoardMeasured[];
  readonly light: BoardLight;
  readonly quiet: boolean;
  readonly feedback: readonly Feedback[];
  readonly camera?: string;
  readonly fault?: Board['fault'];
  readonly mediaUrl: (sha256: string) => string;
  readonly qr: (url: string) => QrRows | undefined;
}

/** Offsets are looked ahead for a day: no page is alone for longer with anything worth showing. */
const AHEAD = 24 * 3_600_000;
const QUARTER = 900_000;

export function boardOf(inputs: BoardInputs): Board {
  const { arrivals, extract, names, content, stops, title } = inputs;
  const trusted = arrivals.clock === 'trusted';
  const now = trusted ? arrivals.at : undefined;
  const offset = zoneOffset(inputs.timezone);
  const hhmm = (time: number) =>
    trusted ? new Date(time + offset(time)).toISOString().slice(11, 16) : undefined;
  const { alerts, byLine } = boardAlerts({ alerts: inputs.alerts, extract, stops, names, now });
  const [first] = stops;
  const stop = first === undefined ? undefined : extract?.stops[first];
  const age = inputs.dataAge ?? dataAge(arrivals);
  return {
    seq: inputs.seq,
    run: inputs.run,
    rate: inputs.rate,
    languages: inputs.languages,
    stop: {
      name: title ?? (extract === undefined ? { main: first ?? '' } : names.of(extract.name)),
      ...(stop?.code === undefined ? {} : { code: stop.code }),
    },
    device: inputs.device,
    ...(now === undefined ? {} : { clock: clockOf(now, offset) }),
    light: inputs.light,
    quiet: inputs.quiet,
    ...(age === undefined ? {} : { dataAge: age }),
    ...(arrivals.offlineSince === undefined
      ? {}
      : { offlineFor: Math.max(0, arrivals.at - arrivals.offlineSince) }),
    lines: boardLines({ arrivals, extract, names, hhmm, alerts: byLine }),
    alerts,
    measured: inputs.measured,
    feedback: inputs.feedback,
    ...(inputs.camera === undefined ? {} : { camera: inputs.camera }),
    ...(inputs.fault === undefined ? {} : { fault: inputs.fault }),
    ...(content === undefined
      ? { warnings: [], announcements: [], playlist: [], tiles: [] }
      : boardContent({ content, names, now, mediaUrl: inputs.mediaUrl, qr: inputs.qr })),
  };
}

/** The offset now, and when it changes within a day: to a quarter of an hour, which is where clocks change. */
export function clockOf(now: number, offset: (time: number) => number): BoardClock {
  const present = offset(now);
  if (offset(now + AHEAD) === present) return { wall: now, offset: present };
  let [low, high] = [now, now + AHEAD];
  while (high - low > 1000) {
    const middle = (low + high) / 2;
    if (offset(middle) === present) low = middle;
    else high = middle;
  }
  const change = Math.round(high / QUARTER) * QUARTER;
  return { wall: now, offset: present, changeIn: change - now, offsetThen: offset(change) };
}

/** Age of the newest thing that any row rests on, ms; undefined where nothing was ever heard. */
function dataAge({ rows }: ArrivalBoard): number | undefined {
  const ages = rows.flatMap(({ age }) => (age === undefined ? [] : [age * 1000]));
  return ages.length === 0 ? undefined : Math.min(...ages);
}

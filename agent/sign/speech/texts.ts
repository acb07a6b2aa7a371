/** What is said, in sentences. The place in the queue of buses is told only where every bus before it is known. */
import type { Board, BoardArrival, BoardLine, Takeover } from '../../core/board.ts';
import type { SignLanguage } from '../../core/sign/sign.ts';
import type { Face } from '../screen/face.ts';
import { labelIn } from '../screen/labels.ts';

/** Lines that one press of the button tells of. */
const MOST_LINES = 3;
/** Buses nearer than this stand in one queue, m. */
const QUEUE = 150;

interface Coming {
  readonly line: BoardLine;
  readonly arrival: BoardArrival;
}

/** The next three buses, or what the sign says instead. */
export function nextBuses(board: Board, face: Face, language: SignLanguage): string {
  const stop = language === 'zh-CN' ? '。' : '. ';
  if (face.cover !== undefined)
    return [face.cover.title.main, face.cover.body?.main].filter(Boolean).join(stop);
  const soonest = face.lines
    .filter(({ times }) => times.length > 0)
    .toSorted((a, b) => dueOf(board, a.id) - dueOf(board, b.id))
    .slice(0, MOST_LINES);
  if (soonest.length === 0) return face.headline?.words.main ?? labelIn(language, 'spoken.none');
  return `${soonest.map((line) => withQueue(board, line.id, line.spoken, language)).join(stop)}${stop}`.trim();
}

/** A bus that comes now, each with what to say of it; undefined where the face has left it out. */
export function approaching(
  board: Board,
): readonly { readonly id: string; text(face: Face, language: SignLanguage): string | undefined }[] {
  return queue(board).map(({ line, arrival }) => ({
    id: arrival.id,
    text: (face, language) => {
      const shown = face.lines.find(({ id }) => id === line.id);
      return shown?.times[0]?.id === arrival.id
        ? withQueue(board, line.id, shown.spoken, language)
        : undefined;
    },
  }));
}

export function takeoverText({ title, body }: Takeover, second: boolean): string {
  const pick = ({ main, second: other }: Takeover['title']) => (second ? (other ?? main) : main);
  return [title, ...(body === undefined ? [] : [body])].map(pick).join('。');
}

/** `…, number 2 in the queue`, where it is known and not the first. */
function withQueue(board: Board, line: string, spoken: string, language: SignLanguage): string {
  const place = placeInQueue(board, line);
  if (place === undefined || place < 2) return spoken;
  return `${spoken}${language === 'zh-CN' ? '，' : ', '}${labelIn(language, 'spoken.queue', { n: place })}`;
}

/**
 * Place of a line's next bus among those that come now, 1 for the first; undefined where it is not known: a bus that comes
 * now without its distance may be before it.
 */
export function placeInQueue(board: Board, line: string): number | undefined {
  const coming = queue(board);
  if (coming.some(({ arrival }) => arrival.distance === undefined || arrival.state !== 'live'))
    return undefined;
  const ordered = coming
    .filter(({ arrival }) => (arrival.distance ?? Number.POSITIVE_INFINITY) <= QUEUE)
    .toSorted((a, b) => (a.arrival.distance ?? 0) - (b.arrival.distance ?? 0));
  const place = ordered.findIndex((one) => one.line.id === line);
  return place < 0 ? undefined : place + 1;
}

function queue(board: Board): readonly Coming[] {
  return board.lines.flatMap((line) =>
    line.arrivals
      .filter(({ approaching, cancelled }) => approaching === true && cancelled !== true)
      .map((arrival) => ({ line, arrival })),
  );
}

function dueOf(board: Board, line: string): number {
  const [next] = board.lines.find(({ id }) => id === line)?.arrivals ?? [];
  return next?.dueIn ?? next?.planned?.in ?? Number.POSITIVE_INFINITY;
}

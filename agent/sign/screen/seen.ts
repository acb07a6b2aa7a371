/** What riders see now as text: the face of the newest board, as the page has it. */
import type { Words } from '../../core/board.ts';
import type { ScreenView } from '../../core/sign/screen.ts';
import { faceOf } from './face.ts';
import { speltTime } from './sayings.ts';
import type { Made } from './showing.ts';

export type Seen = Omit<ScreenView, 'state' | 'problems' | 'restarts' | 'unproven' | 'url'>;

const both = ({ main, second }: Words) => (second === undefined ? main : `${main} · ${second}`);

/** `elapsed`: ms of street time since the board was made. */
export function seenOf({ board }: Made, elapsed: number): Seen {
  const face = faceOf(board, elapsed);
  return {
    palette: face.palette,
    brightness: board.light.brightness,
    stop: both(face.stop),
    ...(face.time === undefined ? {} : { time: face.time }),
    updated: face.updated.words.main,
    ...(face.cover === undefined ? {} : { cover: `${face.cover.label.main}: ${both(face.cover.title)}` }),
    ...(face.headline === undefined ? {} : { headline: both(face.headline.words) }),
    lines: face.lines.map(({ id, badge, colour, to, note, times, spoken }) => ({
      id,
      badge,
      ...(colour === undefined ? {} : { colour }),
      to: both(to),
      ...(note === undefined ? {} : { note: both(note.words) }),
      times: times.map((time) => ({ state: time.state, text: speltTime(time).replaceAll('\n', ' ') })),
      spoken,
    })),
    notices: face.notices.map(({ id, kind, label, title }) => ({
      id,
      kind,
      label: label.main,
      text: both(title),
    })),
    media: face.media.map(({ alt, url }) => (alt.main === '' ? url : alt.main)),
  };
}

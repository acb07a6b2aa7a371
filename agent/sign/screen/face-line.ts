/** One line on the face of a sign: its texts by the state it is in after `elapsed`. */
import type { BoardLine, LineState, LineStrip, Words } from '../../core/board.ts';
import type { SignLanguage } from '../../core/sign/sign.ts';
import { type AgedArrival, agedLine } from './ageing.ts';
import { label, labelIn } from './labels.ts';

/** When one bus comes. */
export interface FaceTime {
  readonly id: string;
  readonly state: 'live' | 'about' | 'stops' | 'timetable' | 'approaching' | 'cancelled';
  /** What is large: a number or a time of day; or words, where there is no number. */
  readonly figure?: string;
  readonly words?: Words;
  /** Beside the figure: minutes, stops. */
  readonly unit?: Words;
  /** Before it: about, timetable, cancelled. */
  readonly mark?: Words;
  /** Beneath: how many stops away, how long ago. */
  readonly under?: Words;
  readonly last?: Words;
  readonly crowding?: { readonly level: string; readonly words: Words };
  readonly wheelchair?: Words;
  /** The whole as a sentence, for ears. */
  readonly spoken: string;
}

export interface FaceLine {
  readonly id: string;
  readonly badge: string;
  readonly colour?: string;
  readonly to: Words;
  readonly via?: Words;
  readonly hours?: Words;
  /** Half an hour ahead: when the last one goes. */
  readonly lastSoon?: Words;
  /** Soonest first. */
  readonly times: readonly FaceTime[];
  /** Where there are no times: why. */
  readonly note?: { readonly state: LineState; readonly words: Words };
  readonly strip?: LineStrip;
  readonly alerted: boolean;
  readonly spoken: string;
}

/** Beyond an hour minutes help nobody. */
const MOST_MINUTES = 60;

/** A line's name for a sentence that says by itself what it is: 90路 is 90 in “90路调整” and “Line 90”. */
export function lineNumber(badge: string): string {
  return badge.length > 1 ? badge.replace(/路$/u, '') : badge;
}

export function faceLine(line: BoardLine, elapsed: number, languages: readonly SignLanguage[]): FaceLine {
  const { id, badge, colour, to, via, first, last, strip, alerts, lastSoon } = line;
  const times = agedLine(line, elapsed).map((one, place) => faceTime(one, languages, place > 0));
  const note = times.length > 0 ? undefined : { state: line.state, words: noteWords(line, languages) };
  const language = languages[0] ?? 'en';
  const named = labelIn(language, 'spoken.line', { line: lineNumber(badge), to: to.main });
  const said = times[0]?.spoken ?? note?.words.main ?? '';
  return {
    id,
    badge,
    ...(colour === undefined ? {} : { colour }),
    to,
    ...(via === undefined ? {} : { via }),
    ...(first === undefined || last === undefined
      ? {}
      : { hours: label(languages, 'first-last', { first, last }) }),
    ...(lastSoon === undefined || times.length === 0
      ? {}
      : {
          lastSoon:
            lastSoon.time === undefined
              ? label(languages, 'last')
              : label(languages, 'last.at', { time: lastSoon.time }),
        }),
    times,
    ...(note === undefined ? {} : { note }),
    ...(strip === undefined || !times.some(({ state }) => PLACED.has(state)) ? {} : { strip }),
    alerted: alerts.length > 0,
    spoken: language === 'zh-CN' ? `${named}，${said}` : `${named}, ${said}`,
  };
}

/** States in which the place of the bus is known well enough to draw it. */
const PLACED: ReadonlySet<FaceTime['state']> = new Set(['live', 'about', 'approaching']);

/** `short`: of a later bus, which has little room. */
function faceTime(one: AgedArrival, languages: readonly SignLanguage[], short: boolean): FaceTime {
  const { arrival, state, approaching, minutes, since } = one;
  const { id, stopsAway, planned, last, crowding, wheelchair, cancelled } = arrival;
  const rest = {
    id,
    ...(last === true ? { last: label(languages, 'last') } : {}),
    ...(crowding === undefined || state === 'timetable'
      ? {}
      : { crowding: { level: crowding, words: label(languages, `crowding.${crowding}`) } }),
    ...(wheelchair === true ? { wheelchair: label(languages, 'wheelchair') } : {}),
  };
  const spoken = spokenTime(one, languages[0] ?? 'en');
  if (cancelled === true) {
    const mark = label(languages, 'cancelled');
    return { ...rest, state: 'cancelled', figure: planned?.time ?? '—', mark, spoken };
  }
  if (approaching) {
    return { ...rest, state: 'approaching', words: label(languages, 'approaching'), spoken };
  }
  if (state === 'stops') {
    const count = stopsAway ?? 1;
    const ago =
      since === 0 || since === undefined
        ? label(languages, 'ago.now')
        : label(languages, 'ago', { n: since });
    const unit = label(languages, count === 1 ? 'stop.one' : 'stops');
    return { ...rest, state, figure: String(count), unit, under: ago, spoken };
  }
  if (state === 'timetable') {
    return planned === undefined || planned.time === ''
      ? { ...rest, state, words: label(languages, 'planned'), spoken }
      : {
          ...rest,
          state,
          figure: planned.time,
          mark: label(languages, short ? 'planned.short' : 'planned'),
          spoken,
        };
  }
  const away =
    stopsAway === undefined
      ? undefined
      : stopsAway === 1
        ? label(languages, 'stopsAway.one')
        : label(languages, 'stopsAway', { n: stopsAway });
  const shown = minutes ?? 1;
  return {
    ...rest,
    state,
    figure: shown > MOST_MINUTES ? `${MOST_MINUTES}+` : String(shown),
    unit: label(languages, 'min'),
    ...(state === 'about' ? { mark: label(languages, 'about') } : {}),
    ...(away === undefined ? {} : { under: away }),
    spoken,
  };
}

function spokenTime(
  { arrival, state, approaching, minutes, since }: AgedArrival,
  language: SignLanguage,
): string {
  const { planned, stopsAway, last, cancelled } = arrival;
  const time = planned?.time ?? '';
  const comma = language === 'zh-CN' ? '，' : ', ';
  const parts = [last === true ? labelIn(language, 'spoken.last') : undefined];
  if (cancelled === true) parts.push(labelIn(language, 'spoken.cancelled', { time }));
  else if (approaching) parts.push(labelIn(language, 'spoken.approaching'));
  else if (state === 'live') parts.push(labelIn(language, 'spoken.minutes', { n: minutes ?? 1 }));
  else if (state === 'about') parts.push(labelIn(language, 'spoken.about', { n: minutes ?? 1 }));
  else if (state === 'stops') {
    const ago =
      since === 0 || since === undefined
        ? labelIn(language, 'ago.now')
        : labelIn(language, 'ago', { n: since });
    parts.push(labelIn(language, 'spoken.stops', { n: stopsAway ?? 1, ago }));
  } else parts.push(labelIn(language, 'spoken.planned', { time }));
  return parts.filter((part) => part !== undefined).join(comma);
}

function noteWords(line: BoardLine, languages: readonly SignLanguage[]): Words {
  const { state, headway, firstNext } = line;
  if (headway !== undefined && (state === 'headway' || state === 'no-data')) {
    const [from, to] = headway;
    return from === to
      ? label(languages, 'headway.one', { from })
      : label(languages, 'headway', { from, to });
  }
  switch (state) {
    case 'headway':
    case 'no-data':
      return label(languages, 'no-data.line');
    case 'no-service':
      return label(languages, 'no-service');
    case 'night':
      return firstNext === undefined
        ? label(languages, 'night.plain')
        : label(languages, 'night', { time: firstNext });
    case 'last-gone':
      return firstNext === undefined
        ? label(languages, 'last-gone')
        : label(languages, 'last-gone.next', { time: firstNext });
    case 'not-calling':
      return label(languages, 'not-calling');
  }
}

/**
 * How an arrival ages: what was minutes becomes stops, then the timetable, then nothing. The agent uses it for the board it
 * sends and the page for the board it has, so that a page whose agent is silent never shows a live minute of dead data.
 */
import { AGE_LIMITS, type ArrivalState, type BoardArrival, type BoardLine } from '../../core/board.ts';

const MINUTE = 60_000;
/** A planned bus of which nothing is heard is shown for so long after its time, ms. */
const PLANNED_PAST = MINUTE;
/** Evidence that it comes now holds for so long, ms. */
const APPROACH = 45_000;

/** What an arrival may claim now. */
export interface AgedArrival {
  readonly arrival: BoardArrival;
  readonly state: ArrivalState;
  readonly approaching: boolean;
  /** Whole minutes to come, at least 1; only `live` and `about`. */
  readonly minutes?: number;
  /** Whole minutes since its position was heard; only `stops`. */
  readonly since?: number;
}

/** `elapsed`: ms of street time since the board. Undefined: there is nothing honest left to say of it. */
export function aged(arrival: BoardArrival, elapsed: number): AgedArrival | undefined {
  const { dueIn, planned, stopsAway, positionAge } = arrival;
  if (arrival.cancelled === true) return stillPlanned(arrival, elapsed);
  const state = worse(arrival.state, byAge(positionAge, elapsed));
  if (state === 'live' || state === 'about') {
    const approaching = arrival.approaching === true && elapsed < APPROACH;
    if (dueIn !== undefined && !(arrival.approaching === true && !approaching)) {
      const minutes = Math.max(1, Math.floor((dueIn - elapsed) / MINUTE));
      return { arrival, state, approaching, minutes };
    }
  }
  if (state !== 'timetable' && stopsAway !== undefined && arrival.approaching !== true) {
    return {
      arrival,
      state: 'stops',
      approaching: false,
      since: Math.floor(((positionAge ?? 0) + elapsed) / MINUTE),
    };
  }
  return planned === undefined ? undefined : stillPlanned(arrival, elapsed);
}

/** Arrivals of a line that may still be shown, soonest first as they came. */
export function agedLine({ arrivals }: BoardLine, elapsed: number): readonly AgedArrival[] {
  return arrivals.flatMap((arrival) => aged(arrival, elapsed) ?? []);
}

/** Whether something that ends by itself is over; what has no end is not. */
export function over(endsIn: number | undefined, elapsed: number): boolean {
  return endsIn !== undefined && elapsed >= endsIn;
}

function stillPlanned(arrival: BoardArrival, elapsed: number): AgedArrival | undefined {
  const { planned } = arrival;
  if (planned === undefined || planned.in - elapsed < -PLANNED_PAST) return undefined;
  return { arrival, state: 'timetable', approaching: false };
}

/** The best that a position of this age allows; without a position the arrival's own state stands, and ages with the board. */
function byAge(positionAge: number | undefined, elapsed: number): ArrivalState {
  const age = (positionAge ?? 0) + elapsed;
  if (age <= AGE_LIMITS.live) return 'live';
  if (age <= AGE_LIMITS.about) return 'about';
  return age <= AGE_LIMITS.stops ? 'stops' : 'timetable';
}

const ORDER: readonly ArrivalState[] = ['live', 'about', 'stops', 'timetable'];

function worse(a: ArrivalState, b: ArrivalState): ArrivalState {
  return ORDER.indexOf(a) > ORDER.indexOf(b) ? a : b;
}

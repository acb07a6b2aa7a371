/** The night a moment belongs to, noon to noon: a programme over midnight is one object, and its date is the evening's. */
import type { LocalDays } from '../../core/time/local-days.ts';
import { type Darkness, darkness, type Place } from './sun.ts';

const HOUR = 3_600_000;
const NOON = 12 * 60;

export interface Night {
  /** `2027-06-21`, of the evening. */
  readonly date: string;
  /** Of the evening; 0 is Sunday. */
  readonly weekday: number;
  /** Local noon before and after, Unix epoch ms. */
  readonly from: number;
  readonly to: number;
  /** First instants of the two local days. */
  readonly evening: number;
  readonly morning: number;
  /** Undefined: the sun does not go below the elevation asked for. */
  readonly dark: Darkness | undefined;
}

/** Gives the night of any moment; the one asked for last is kept, for the same is asked for every few seconds. */
export class Nights {
  readonly #days: LocalDays;
  readonly #place: Place;
  readonly #elevation: number;
  #last: Night | undefined;

  constructor(days: LocalDays, place: Place, elevation: number) {
    this.#days = days;
    this.#place = place;
    this.#elevation = elevation;
  }

  at(time: number): Night {
    if (this.#last !== undefined && time >= this.#last.from && time < this.#last.to) return this.#last;
    const days = this.#days;
    const today = days.start(time);
    const evening = time < days.at(today, NOON) ? days.start(today - HOUR) : today;
    const morning = days.next(evening);
    const from = days.at(evening, NOON);
    const to = days.at(morning, NOON);
    const dark = darkness(this.#place, from, to, this.#elevation);
    this.#last = { ...days.date(evening), from, to, evening, morning, dark };
    return this.#last;
  }

  /** The instant clocks show `minutes` after midnight in this night: an hour before noon is the next morning's. */
  moment(night: Night, minutes: number): number {
    return this.#days.at(minutes < NOON ? night.morning : night.evening, minutes);
  }
}

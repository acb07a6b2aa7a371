/** What centres say of calls at this stop: the newest of each source, dropped when it is over or has grown old. */
import type { TripPrediction } from '../../core/sign/transit.ts';
import type { Run, Runs } from './runs.ts';

/** A prediction nobody has renewed for so long is of no use, s. */
export const STALE = 600;
/** One whose bus should have been here so long ago is over, s. */
const OVER = 120;

export interface Told {
  readonly prediction: TripPrediction;
  /** When it was reckoned, on the sign's time, s. */
  readonly time: number;
  /** Undefined: a trip that the timetable does not know. */
  readonly run: Run | undefined;
  /** Key of the run, or one made of what the centre calls it. */
  readonly key: string;
}

export class Predictions {
  readonly #bySource = new Map<string, Map<string, Told>>();

  /**
   * `whole`: what is not in it is gone. `timeOf`: when one was reckoned, on the sign's time. `arrival`s are on that time
   * already.
   */
  take(
    source: string,
    list: readonly TripPrediction[],
    whole: boolean,
    timeOf: (prediction: TripPrediction) => number,
    runs: Runs,
    now: number,
  ): void {
    const known = whole ? new Map<string, Told>() : (this.#bySource.get(source) ?? new Map<string, Told>());
    const fresh = list.map((prediction): Told => {
      const { trip } = prediction;
      const copy = trip.relationship === 'duplicated' || trip.relationship === 'added';
      const at = (prediction.arrival ?? prediction.departure ?? prediction.scheduled ?? now * 1000) / 1000;
      const run = copy ? undefined : runs.named(trip, at);
      return { prediction, time: timeOf(prediction), run, key: run?.key ?? strangerKey(source, prediction) };
    });
    const trips = new Set(fresh.map(({ key }) => key));
    if (!whole) for (const [id, { key }] of known) if (trips.has(key)) known.delete(id);
    for (const told of fresh)
      known.set(`${told.key}\n${told.prediction.stop}\n${told.prediction.sequence ?? ''}`, told);
    this.#bySource.set(source, known);
  }

  /** All that still hold at `now`, s. */
  *at(now: number): Generator<Told> {
    for (const [source, known] of this.#bySource) {
      for (const [id, told] of known) {
        const { arrival, departure, scheduled } = told.prediction;
        const due = departure ?? arrival ?? scheduled;
        if (now - told.time > STALE || (due !== undefined && now - due / 1000 > OVER)) known.delete(id);
        else yield told;
      }
      if (known.size === 0) this.#bySource.delete(source);
    }
  }
}

/** A trip beside the timetable: told apart by all that the centre calls it. */
function strangerKey(source: string, { trip, vehicle }: TripPrediction): string {
  const { trip: id, line, date, start } = trip;
  return `~${source}/${id ?? line ?? ''}@${date ?? ''}@${start ?? ''}/${id === undefined ? (vehicle ?? '') : ''}`;
}

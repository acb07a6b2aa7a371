/** Buses of the small timetable, and a sign that is told of them. */
import type { ArrivalRow } from '../../../agent/core/sign/arrival.ts';
import type { StopExtract } from '../../../agent/core/sign/timetable.ts';
import type { TripPrediction, VehicleReport } from '../../../agent/core/sign/transit.ts';
import { type Arrival, ArrivalEngine } from '../../../agent/sign/arrivals/engine.ts';
import { Timetable } from '../../../agent/sign/timetable/timetable.ts';
import { at, DATE, extract } from './extract.ts';
import { place } from './street.ts';

/** Start of the trip that most tests ride, s of the service day: 8 o'clock. */
export const EIGHT = 8 * 3600;
/** Moment `seconds` after eight, ms. */
export const eight = (seconds: number) => at(8, seconds);

export class SignUnderTest {
  readonly engine: ArrivalEngine;
  readonly arrivals: Arrival[] = [];

  constructor(city: StopExtract = extract({ starts: [EIGHT] })) {
    this.engine = new ArrivalEngine({ timetable: new Timetable(city), horizon: 3600 });
  }

  /** A bus is `metres` along the way up at `seconds` after eight. */
  see(metres: number, seconds: number, more: Partial<VehicleReport> & { readonly off?: number } = {}): void {
    const { off = 0, ...rest } = more;
    const report: VehicleReport = {
      source: 'gps',
      received: 0,
      vehicle: 'bus-1',
      position: place(metres, off),
      time: eight(seconds),
      trip: { trip: `up-${EIGHT}`, date: DATE },
      ...rest,
    };
    this.arrivals.push(...this.engine.vehicles([report], eight(seconds)));
  }

  /** It drives from one place to another in steps of `step` s. */
  drive(
    [from, since]: readonly [metres: number, seconds: number],
    [to, until]: readonly [metres: number, seconds: number],
    more: Partial<VehicleReport> = {},
    step = 20,
  ): void {
    for (let t = since; t <= until; t += step) {
      this.see(from + ((to - from) * (t - since)) / (until - since), t, more);
    }
  }

  tell(predictions: readonly Partial<TripPrediction>[], seconds: number, whole = true): void {
    const list = predictions.map(
      (one): TripPrediction => ({
        source: 'centre',
        received: 0,
        trip: { trip: `up-${EIGHT}`, date: DATE },
        stop: 's5',
        relationship: 'scheduled',
        ...one,
      }),
    );
    this.engine.predictions('centre', list, whole, eight(seconds), ({ time }) => time ?? eight(seconds));
  }

  rows(seconds: number, timed = true): readonly ArrivalRow[] {
    return this.engine.board(eight(seconds), timed).rows;
  }

  /** The one row there is. */
  row(seconds: number, timed = true): ArrivalRow {
    const rows = this.rows(seconds, timed);
    const [row] = rows;
    if (row === undefined || rows.length > 1) throw new Error(`${rows.length} rows at ${seconds}`);
    return row;
  }

  line(seconds: number, timed = true) {
    const [line] = this.engine.board(eight(seconds), timed).lines;
    if (line === undefined) throw new Error('no line');
    return line;
  }
}

/** A line that runs now, whatever the time is: its timetable, and a bus on it that is posted to the agent. */

import type { StopExtract } from '../../agent/core/sign/timetable.ts';
import { LocalTime } from '../../agent/core/time/local-time.ts';
import { hashOfExtract } from '../../agent/sign/timetable/extract-file.ts';
import { extract, HERE, ZONE } from '../../tests/unit/sign/extract.ts';
import { LEG, place } from '../../tests/unit/sign/street.ts';

/** Where the bus is at the beginning, metres from the first stop; the sign's stop is 5 km from it. */
const FROM = 900;
/** Metres from one position to the next. */
const STEP = 25;

export const STOP = HERE;

const local = new LocalTime(ZONE);

/** `[date, s after its midnight]` of an instant. */
function serviceTime(now: number): readonly [date: string, seconds: number] {
  const text = local.text(now);
  const part = (from: number, to: number) => Number(text.slice(from, to));
  return [text.slice(0, 8), part(8, 10) * 3600 + part(10, 12) * 60 + part(12, 14)];
}

/** An extract whose bus has just passed its first stop; departures every ten minutes. */
export function extractNow(now: number): {
  readonly extract: StopExtract;
  readonly trip: string;
  readonly date: string;
} {
  const [date, seconds] = serviceTime(now);
  const start = seconds - Math.round((FROM / 1000) * LEG);
  const starts = Array.from({ length: 6 }, (_, i) => start + i * 600).filter((one) => one >= 0);
  const body = extract({
    starts,
    from: '20260101',
    to: '20991231',
    calendar: { from: '20260101', to: '20991231' },
  });
  return { extract: { ...body, hash: hashOfExtract(body) }, trip: `up-${start}`, date };
}

/** Posts the bus, a step further each time. Rejects where the agent does not take it. */
export class PostedBus {
  readonly #url: string;
  readonly #trip: string;
  readonly #date: string;
  #metres = FROM;

  constructor(url: string, trip: string, date: string) {
    this.#url = url;
    this.#trip = trip;
    this.#date = date;
  }

  get arrived(): boolean {
    return this.#metres > 4700;
  }

  async post(): Promise<void> {
    this.#metres += STEP;
    const now = new Date().toISOString();
    const vehicle = {
      vehicle: 'C-7001',
      ...place(this.#metres),
      time: now,
      trip: this.#trip,
      date: this.#date,
    };
    const answer = await fetch(this.#url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ v: 1, sent: now, vehicles: [vehicle] }),
    });
    if (!answer.ok) throw new Error(`the agent answered ${answer.status}: ${await answer.text()}`);
  }
}

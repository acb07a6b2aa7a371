/** What a candidate comes to: when it is expected by whom, how much may be claimed of it, and why. */
import type { ArrivalState, Phase, RowReason } from '../../core/sign/arrival.ts';
import type { Candidate } from './candidates.ts';
import { estimate } from './estimate.ts';
import { type Fused, fuse, type Opinion } from './fusion.ts';
import type { Links } from './links.ts';
import { APPROACH } from './shown.ts';
import { FUSED, type Skills } from './skill.ts';
import { OVERDUE, SILENT, STANDING_AFTER } from './track.ts';

/** Age of a position up to which its minutes are live, marked, or not told any more, s. */
export const AGES = { live: 45, about: 120, stops: SILENT } as const;
/** The same of a prediction: GTFS-realtime asks for 90 s. */
const TOLD_AGES = { live: 90, about: 120 } as const;
/** Metres behind the stop at which a bus has left it: at once, or seen there twice. */
const GONE = { once: 100, twice: 30 } as const;
/** A share within the band below this is no measured time to rely on, %. */
const LOW_SKILL = 60;
/** 10 to 90 % of buses lie further apart than this, and than this share of the time to come: about. */
const WIDE = { seconds: 240, share: 0.6 } as const;
/** A bus that should be at the stop and is not seen there comes in so many s. */
const SOON = 10;

export interface Evaluated {
  readonly state: ArrivalState;
  readonly because: readonly RowReason[];
  /** Unix epoch s; absent where no minutes may be told. */
  readonly fused?: Fused;
  /** 10 and 90 % of buses come by these, Unix epoch s; absent while too few were seen. */
  readonly span?: readonly [early: number, late: number];
  readonly approaching: boolean;
  /** Metres to the stop. */
  readonly distance?: number;
  /** s behind the timetable. */
  readonly delay?: number;
  readonly phase?: Phase;
  /** Of the newest that is known of it, s. */
  readonly age?: number;
  /** The vehicle is believed to be on its way here: its place may be told. */
  readonly placed: boolean;
}

export interface Judges {
  readonly links: Links;
  readonly skills: Skills;
  /** How often the vehicle was seen behind the stop. */
  readonly beyond: (candidate: Candidate) => number;
}

/** `gone`: it has left the stop. `none`: nothing may be said of it. */
export type Verdict = Evaluated | 'gone' | 'none';

/** `now`: s. `horizon`: s that estimates look ahead. */
export function evaluate(candidate: Candidate, now: number, horizon: number, judges: Judges): Verdict {
  const seen = position(candidate, now, horizon, judges);
  if (seen === 'gone') return 'gone';
  const told = newest(candidate);
  for (const { prediction, time } of told) {
    const { relationship } = prediction;
    // A vehicle that is seen on its way after it was said to be cancelled does come.
    const outrun = seen.opinion !== undefined && (candidate.track?.time ?? 0) > time + AGES.about;
    if (relationship === 'deleted' || relationship === 'skipped') return 'none';
    if (relationship === 'cancelled' && !outrun) {
      return { state: 'cancelled', because: ['cancelled-by-centre'], approaching: false, placed: false };
    }
  }
  const opinions = seen.opinion === undefined ? [] : [seen.opinion];
  const because = [...seen.because];
  for (const { prediction, time } of told) {
    const at =
      prediction.departure !== undefined && seen.distance === 0 ? prediction.departure : prediction.arrival;
    const expected = at ?? prediction.departure;
    const age = Math.max(0, now - time);
    const detour = prediction.detour === true || prediction.relationship === 'replacement';
    if (expected === undefined || age > TOLD_AGES.about || (seen.elsewhere === true && !detour)) continue;
    if (detour) because.push('detour');
    if (prediction.relationship === 'added' || prediction.relationship === 'duplicated') {
      because.push('added-by-centre');
    }
    opinions.push({
      source: prediction.source,
      scored: prediction.source,
      origin: 'prediction',
      expected: Math.max(expected / 1000, now + (prediction.atStop === true ? 0 : SOON)),
      age,
    });
  }
  return verdict(candidate, now, seen, opinions, because, judges);
}

interface Seen {
  readonly opinion?: Opinion;
  readonly because: readonly RowReason[];
  readonly distance?: number;
  readonly delay?: number;
  readonly phase?: Phase;
  readonly age?: number;
  readonly placed: boolean;
  /** It is seen where no bus of this trip is. */
  readonly elsewhere?: boolean;
}

/** What the vehicle's own positions say. */
function position(candidate: Candidate, now: number, horizon: number, judges: Judges): Seen | 'gone' {
  const { track, hypothesis, index } = candidate;
  const place = hypothesis?.place;
  if (track === undefined || hypothesis === undefined || index === undefined || place === undefined) {
    return { because: [], placed: false };
  }
  const stop = hypothesis.pattern.stops[index];
  if (stop === undefined) return { because: [], placed: false };
  const left = stop.distance - place.distance;
  const phase = track.phase(now);
  const age = now - track.time;
  if (hypothesis.believed && left < -GONE.twice) {
    if (left < -GONE.once || judges.beyond(candidate) >= 2) return 'gone';
  }
  const delay = place.time - hypothesis.start - hypothesis.pattern.timeAt(place.distance);
  const facts = { distance: Math.max(0, left), delay, phase, age };
  if (phase === 'silent') return { ...facts, because: ['silent'], placed: false };
  if (phase === 'layover') {
    const departure = hypothesis.start + (hypothesis.pattern.stops[0]?.time ?? 0);
    // Only a run that its feed names has a departure that is known, and only until it is well over.
    if (
      !hypothesis.named ||
      hypothesis.run === undefined ||
      hypothesis.run.loose ||
      now > departure + OVERDUE
    ) {
      return { ...facts, because: ['layover'], placed: false };
    }
    const expected = index === 0 ? Math.max(departure, now) : expectedAt(candidate, now, horizon, judges);
    const own = positionsOf(track.report.source, age);
    return {
      ...facts,
      because: ['layover', 'not-departed'],
      placed: true,
      ...(expected === undefined ? {} : { opinion: { ...own, expected } }),
    };
  }
  if (phase !== 'in-progress') {
    // Seen elsewhere, whatever is predicted of it: it does not come, unless its centre says that it takes another way.
    const elsewhere = phase === 'base' || phase === 'deadhead' || hypothesis.lost;
    const contradiction = elsewhere ? { elsewhere: true } : {};
    return {
      ...facts,
      because: [hypothesis.astray ? 'off-route' : 'unproven'],
      placed: false,
      ...contradiction,
    };
  }
  const stands = track.standsSince;
  if (stands !== undefined && track.time - stands >= STANDING_AFTER && left > APPROACH.metres) {
    return { ...facts, because: ['standing'], placed: true };
  }
  if (age > AGES.about) return { ...facts, because: ['old-position'], placed: true };
  const expected = expectedAt(candidate, now, horizon, judges);
  if (expected === undefined) return { ...facts, because: [], placed: true };
  return {
    ...facts,
    because: [],
    placed: true,
    opinion: { ...positionsOf(track.report.source, age), expected },
  };
}

/** What is reckoned here of a feed's positions is scored apart from what the feed itself predicts. */
function positionsOf(source: string, age: number) {
  return { source, scored: `=${source}`, origin: 'position', age } as const;
}

/** By where it is, the timetable, and what the links take now; never before it could be seen there. */
function expectedAt(
  { hypothesis, index }: Candidate,
  now: number,
  horizon: number,
  { links }: Judges,
): number | undefined {
  const place = hypothesis?.place;
  if (hypothesis === undefined || place === undefined) return undefined;
  const { pattern, start } = hypothesis;
  const stop = pattern.stops[index ?? -1];
  if (stop === undefined) return undefined;
  if (stop.distance <= place.distance) return now;
  const found = estimate(pattern, place, links, start, horizon + AGES.stops).find(
    (one) => one.index === index,
  );
  return found === undefined ? undefined : Math.max(found.time, now + SOON);
}

/** The newest word of each source. */
function newest({ told }: Candidate) {
  const bySource = new Map<string, Candidate['told'][number]>();
  for (const one of told) {
    const known = bySource.get(one.prediction.source);
    if (known === undefined || known.time < one.time) bySource.set(one.prediction.source, one);
  }
  return [...bySource.values()];
}

function verdict(
  candidate: Candidate,
  now: number,
  seen: Seen,
  opinions: readonly Opinion[],
  because: RowReason[],
  judges: Judges,
): Verdict {
  const { distance, delay, phase, placed } = seen;
  const facts = {
    ...(distance === undefined ? {} : { distance }),
    ...(delay === undefined ? {} : { delay }),
    ...(phase === undefined ? {} : { phase }),
    placed,
  };
  const [first, ...others] = opinions;
  if (first === undefined) {
    if (placed && seen.age !== undefined && seen.age <= AGES.stops) {
      return { ...facts, state: 'stops-away', because, approaching: false, age: seen.age };
    }
    // A bus that has no run in the timetable and no vehicle in sight is nothing.
    if (candidate.call === undefined) return 'none';
    return { ...facts, state: 'timetable', because, approaching: false };
  }
  const fused = fuse([first, ...others], now, judges.skills);
  const age = Math.min(...opinions.map((one) => one.age ?? 0));
  const fresh = opinions.some(
    (one) => (one.age ?? 0) <= (one.origin === 'position' ? AGES.live : TOLD_AGES.live),
  );
  if (!fresh) because.push('old-position');
  const left = fused.expected - now;
  if (fused.skill !== undefined && fused.skill < LOW_SKILL) because.push('low-skill');
  const spread = judges.skills.spread(FUSED, left);
  if (spread !== undefined && spread[1] - spread[0] > Math.max(WIDE.seconds, WIDE.share * left)) {
    because.push('wide-spread');
  }
  const marks: readonly RowReason[] = ['old-position', 'not-departed', 'low-skill', 'wide-spread'];
  const near = distance !== undefined && distance <= APPROACH.metres && phase === 'in-progress';
  const soonest = Math.min(left, (seen.opinion?.expected ?? Number.POSITIVE_INFINITY) - now);
  const coming = soonest <= APPROACH.seconds && phase !== 'layover';
  return {
    ...facts,
    state: because.some((one) => marks.includes(one)) ? 'about' : 'live',
    because,
    fused,
    ...(spread === undefined
      ? {}
      : { span: [fused.expected + spread[0], fused.expected + spread[1]] as const }),
    approaching: fresh && (near || coming),
    age,
  };
}

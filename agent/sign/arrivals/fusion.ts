/** One expectation of what several sources say of one bus, each weighed by how well it foretold arrivals at this stop. */
import type { ArrivalOrigin, RowSource } from '../../core/sign/arrival.ts';
import type { Skills } from './skill.ts';

/** What one source says. */
export interface Opinion {
  /** The feed it comes from. */
  readonly source: string;
  /** Under which name its errors are kept (skill.ts). */
  readonly scored: string;
  readonly origin: ArrivalOrigin;
  /** Unix epoch s. */
  readonly expected: number;
  /** s; undefined for what does not age. */
  readonly age: number | undefined;
}

export interface Fused {
  /** Unix epoch s. */
  readonly expected: number;
  readonly sources: readonly (RowSource & { readonly scored: string })[];
  /** Share within the band of what has the most say, %; absent while unknown. */
  readonly skill?: number;
}

/** s of error that a second of age may bring: a bus stops at a light. */
const AGEING = 0.5;

/**
 * Weights are the inverse of the mean square error here; age adds to it. The others are moved by how much later or earlier
 * than the first one they are as a rule; how late all of it is, is learned behind it (promise.ts).
 */
export function fuse(opinions: readonly [Opinion, ...Opinion[]], now: number, skills: Skills): Fused {
  const [first] = opinions;
  const own = skills.of(first.scored, first.expected - now).bias;
  const judged = opinions.map((one) => {
    const skill = skills.of(one.scored, one.expected - now);
    const aged = (AGEING * (one.age ?? 0)) ** 2;
    const shift = one === first || opinions.length === 1 ? 0 : skill.bias - own;
    return { one, skill, weight: 1 / (skill.square + aged), expected: one.expected + shift };
  });
  const total = judged.reduce((sum, { weight }) => sum + weight, 0);
  const expected = judged.reduce((sum, { weight, expected: at }) => sum + weight * at, 0) / total;
  const [best] = judged.toSorted((a, b) => b.weight - a.weight);
  return {
    expected,
    ...(best?.skill.share === undefined ? {} : { skill: best.skill.share }),
    sources: judged.map(({ one, skill, weight }) => ({
      source: one.source,
      scored: one.scored,
      origin: one.origin,
      ...(one.age === undefined ? {} : { age: Math.round(one.age) }),
      weight: weight / total,
      expected: Math.round(one.expected * 1000),
      ...(skill.share === undefined ? {} : { skill: Math.round(skill.share * 10) / 10 }),
    })),
  };
}

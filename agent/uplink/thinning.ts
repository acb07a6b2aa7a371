/** A selection that is narrower for a while: what leaves has to be chosen by the configured rules and by those of a step. */
import type { Lane } from '../core/point.ts';
import type { LoggedRecord } from '../core/record.ts';
import { STEPS } from './data-budget.ts';
import { type Chooser, type ReadBack, type Selecting, Selection } from './selection.ts';

export class Thinning implements Selecting {
  readonly #inner: Selecting | undefined;
  readonly #step: () => number;
  readonly #steps: readonly Selection[];

  /** `inner`: the configured selection; undefined: everything. `step`: which of `STEPS` is in force. */
  constructor(inner: Selecting | undefined, step: () => number) {
    this.#inner = inner;
    this.#step = step;
    this.#steps = STEPS.map(({ rules }) => new Selection(rules, () => undefined));
  }

  lane(lane: Lane): Chooser | undefined {
    const inner = this.#inner?.lane(lane);
    if (this.#inner !== undefined && inner === undefined) return undefined;
    const choosers = this.#steps.map((selection) => selection.lane(lane));
    return {
      choose: (records, readBack) => {
        const chosen = inner?.choose(records, readBack) ?? [...records];
        const step = this.#step();
        return step === 0 ? chosen : both(chosen, choosers[step], records, readBack);
      },
    };
  }
}

function both(
  chosen: readonly LoggedRecord[],
  thinner: Chooser | undefined,
  records: readonly LoggedRecord[],
  readBack: ReadBack,
): LoggedRecord[] {
  const left = new Set((thinner?.choose(records, readBack) ?? []).map(({ seq }) => seq));
  return chosen.filter(({ seq }) => left.has(seq));
}

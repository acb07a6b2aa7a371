/**
 * What a device has said of its systems and parts. A state is true while one of them says so; a reset of the system takes
 * back what its parts said, for panels do not always say it again.
 */
import type { AduObject } from '../../agent/codec/gb26875/adu.ts';
import type { StateField, Wire } from './schema.ts';

type Where = Pick<Wire, 'systemType' | 'systemAddress' | 'partType' | 'partAddress'>;

interface Said {
  readonly where: Where;
  readonly states: readonly string[];
}

/** Systems and parts remembered at most. */
const MOST = 5000;

export class FireState {
  readonly #said = new Map<string, Said>();

  /** True where states may have changed. */
  take(object: AduObject): boolean {
    const { layout, systemType, systemAddress, partType, partAddress, states, operation = 0 } = object;
    switch (layout) {
      case 'system-state': {
        const reset = states?.includes('reset') === true;
        if (reset) this.#forget(systemType, systemAddress);
        this.#keep(`s ${systemType} ${systemAddress}`, { systemType, systemAddress }, states ?? []);
        return true;
      }
      case 'part-state':
      case 'part-state-short': {
        const where = { systemType, systemAddress, partType, partAddress };
        this.#keep(`p ${systemType} ${systemAddress} ${partAddress}`, where, states ?? []);
        return true;
      }
      case 'device-state':
        this.#keep('d', {}, states ?? []);
        return true;
      case 'operation':
        // Bit 0: reset (figure 9).
        if ((operation & 1) === 1) this.#forget(systemType, systemAddress);
        return (operation & 1) === 1;
      default:
        return false;
    }
  }

  /** Whether somebody within `where` says `state`; undefined where nobody of it has said anything. */
  is(state: StateField, where: Where): boolean | undefined {
    let heard = false;
    for (const said of this.#said.values()) {
      if (!within(said.where, where)) continue;
      heard = true;
      if (said.states.includes(state)) return true;
    }
    return heard ? false : undefined;
  }

  #keep(key: string, where: { [K in keyof Where]?: number | undefined }, states: readonly string[]): void {
    this.#said.delete(key);
    const known = Object.fromEntries(Object.entries(where).filter(([, value]) => value !== undefined));
    this.#said.set(key, { where: known, states });
    const oldest = this.#said.keys().next().value;
    if (this.#said.size > MOST && oldest !== undefined) this.#said.delete(oldest);
  }

  /** The system says anew; of its parts nothing holds any more. */
  #forget(systemType: number | undefined, systemAddress: number | undefined): void {
    for (const [key, { where }] of this.#said) {
      if (where.systemType !== systemType || where.systemAddress !== systemAddress) continue;
      this.#said.set(key, { where, states: [] });
    }
  }
}

/** Whether what is said of `said` belongs to a point that asks for `wanted`. */
export function within(said: Where, wanted: Where): boolean {
  const keys = ['systemType', 'systemAddress', 'partType', 'partAddress'] as const;
  return keys.every((key) => wanted[key] === undefined || wanted[key] === said[key]);
}

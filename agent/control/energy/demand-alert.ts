/** When demand is said: once when the limit is about to be passed, once when it is, once when it is over. Pure. */
import type { DemandState } from '../../core/energy/account.ts';
import type { Json } from '../../core/record.ts';

const MINUTE = 60_000;
/** It is over when forecast and demand are this far under the limit. */
const BELOW = 0.95;

export interface DemandEvent {
  readonly what: 'demand-forecast' | 'demand-passed' | 'demand-below';
  readonly facts: { readonly [key: string]: Json };
}

export class DemandAlert {
  #state: 'below' | 'forecast' | 'passed' = 'below';

  take(state: DemandState): DemandEvent | undefined {
    const { limit, now, forecast, passedIn } = state;
    if (limit === null) return undefined;
    const passed = state.method === 'sliding' ? now !== null && now > limit : passedIn === 0;
    if (passed && this.#state !== 'passed') return this.#become('passed', 'demand-passed', state);
    if (passedIn !== null && passedIn > 0 && this.#state === 'below')
      return this.#become('forecast', 'demand-forecast', state);
    const low = (value: number | null) => value === null || value < BELOW * limit;
    // Something has to be known of it.
    if (this.#state !== 'below' && forecast !== null && passedIn === null && low(forecast) && low(now))
      return this.#become('below', 'demand-below', state);
    return undefined;
  }

  #become(next: 'below' | 'forecast' | 'passed', what: DemandEvent['what'], state: DemandState): DemandEvent {
    this.#state = next;
    const { meter, limit, now, load, forecast, passedIn } = state;
    const minutes = passedIn === null ? null : Math.max(1, Math.round(passedIn / MINUTE));
    return {
      what,
      facts: {
        meter,
        limit_kw: limit,
        demand_kw: rounded(now),
        load_kw: rounded(load),
        forecast_kw: rounded(forecast),
        ...(what === 'demand-forecast' ? { passed_in_min: minutes, text: sentence(limit, minutes) } : {}),
      },
    };
  }
}

function sentence(limit: number | null, minutes: number | null): string {
  return `${limit} kW will be passed in ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`;
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 10) / 10;
}

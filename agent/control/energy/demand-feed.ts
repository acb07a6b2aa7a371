/** Readings of the meter whose demand is watched, as the watch takes them: in kWh and kW of the primary side. */
import type { EnergyConfig, RegisterMeter } from '../../core/energy/energy.ts';
import type { Reading } from '../../core/reading.ts';
import { convert } from '../../core/unit.ts';
import type { DemandWindows } from './demand.ts';
import { DemandWatch } from './demand-watch.ts';

const DEFAULT: DemandWindows = { method: 'sliding', window: 900_000 };

/** Window and method of the tariff that a meter is billed by; sliding over 15 min where none says. */
export function demandTerms({ accounts, tariffs }: EnergyConfig, meter: string): DemandWindows {
  const ids = accounts.flatMap(({ lines }) =>
    lines.filter((one) => one.meter === meter).map(({ tariff }) => tariff),
  );
  const terms = tariffs
    .filter(({ id }) => ids.includes(id))
    .flatMap(({ versions }) => versions.at(-1)?.demand ?? []);
  return terms[0] === undefined ? DEFAULT : { method: terms[0].method, window: terms[0].window };
}

export class DemandFeed {
  readonly meter: RegisterMeter;
  readonly windows: DemandWindows;
  readonly watch: DemandWatch;

  constructor(meter: RegisterMeter, { limit, ...windows }: DemandWindows & { readonly limit: number }) {
    this.meter = meter;
    this.windows = windows;
    this.watch = new DemandWatch({ meter: meter.id, ...windows, limit });
  }

  /** True where the reading is the register's. `time`: true time. */
  take({ device, point, value, unit, reason }: Reading, time: number): boolean {
    const { meter, watch } = this;
    if (device !== meter.device || typeof value !== 'number' || reason === 'implausible') return false;
    const ratio = meter.ratios.findLast(({ from }) => from <= time);
    const factor = ratio === undefined ? 1 : ratio.ct * ratio.pt;
    if (point === meter.power) watch.power(time, convert(value, unit, 'kW') * factor);
    if (point !== meter.point) return false;
    watch.take(time, convert(value, unit, 'kW.h') * factor);
    return true;
  }
}

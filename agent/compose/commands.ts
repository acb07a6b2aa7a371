/** Everything that writes to devices: the router, and the controllers that go through it. */

import { CommandRouter, type RouterOptions } from '../command/router.ts';
import { interlocks, rights, tenantScope } from '../command/rules.ts';
import { PeakLimit } from '../control/energy/shedding/controller.ts';
import { FeederController } from '../control/feeder/controller.ts';
import { type Lighting, type LightingOptions, startLighting } from '../control/lighting/lighting.ts';
import type { Override, Submit } from '../core/command.ts';
import type { Site } from '../core/site.ts';

/** How long a lower limit that somebody asks for holds, where it comes without a lease, ms. */
const LIMIT_HOLDS = 3_600_000;

export interface CommandsOptions
  extends Pick<RouterOptions, 'clock' | 'log' | 'hub' | 'journal' | 'points' | 'write'> {
  readonly site: Site;
}

export interface Commands extends AsyncDisposable {
  readonly submit: Submit;
  /** The way of controllers: no journal, no clock. */
  readonly steer: Submit;
  /** Follows a changed site: rights, interlocks, and (`lamps`) what runs the lamps. Commands and leases stay. */
  change(site: Site, lamps: boolean): void;
  /** What a lamp should show now and why. */
  readonly decision: Lighting['decision'];
  /** What somebody has set a point to, until when. */
  readonly override: (device: string, point: string) => Override | undefined;
  readonly peakLimit?: PeakLimit;
}

export async function startCommands({ site: begun, ...options }: CommandsOptions): Promise<Commands> {
  let site = begun;
  await using stack = new AsyncDisposableStack();
  let lighting: Lighting | undefined;
  let feeder: FeederController | undefined;
  const chargers = site.pole?.feeder?.chargers ?? [];
  const chargerAt = (device: string, point: string) =>
    chargers.find((one) => one.device === device && one.limit === point);
  let locks = interlocks(site.interlocks, options.hub);
  let allowed = rights(site.rights);
  const scope = tenantScope(site.pole?.tenants ?? []);
  const lampAt = (device: string, point: string) =>
    site.lamps.find((one) => one.device === device && one.point === point);
  const sheddableAt = (device: string, point: string) =>
    site.peakLimit?.loads.find((one) => one.device === device && one.point === point);
  const router = stack.use(
    await CommandRouter.start({
      ...options,
      fallback: (device, point) => {
        const lamp = lampAt(device, point);
        if (lamp !== undefined) return lamp.fallback ?? 100;
        return chargerAt(device, point)?.min ?? sheddableAt(device, point)?.normal;
      },
      holds: (device, point) => {
        const lamp = lampAt(device, point);
        if (lamp?.programme !== undefined) return lamp.overrideFor;
        return chargerAt(device, point) && LIMIT_HOLDS;
      },
      onOverride: (device, point) => {
        lighting?.onOverride(device, point);
        if (chargerAt(device, point) !== undefined) feeder?.nudge();
      },
      interlock: (write) => locks(write) ?? feeder?.forbids(write),
      forbidden: (command) => allowed(command) ?? scope(command),
    }),
  );
  const light = (): Lighting => {
    const lights: LightingOptions = { ...options, site, steer: router.steer, override: router.override };
    return startLighting(lights);
  };
  lighting = light();
  stack.defer(() => lighting?.[Symbol.dispose]());
  const shared = site.pole?.feeder;
  if (shared !== undefined) {
    const { steer, override } = router;
    feeder = stack.use(new FeederController({ ...options, feeder: shared, steer, override }));
  }
  const { submit, override } = router;
  const peakLimit =
    site.peakLimit && stack.use(new PeakLimit({ ...options, config: site.peakLimit, submit, override }));
  const owned = stack.move();
  return {
    submit: router.submit,
    steer: router.steer,
    change(next, lamps) {
      site = next;
      locks = interlocks(site.interlocks, options.hub);
      allowed = rights(site.rights);
      if (!lamps) return;
      lighting?.[Symbol.dispose]();
      lighting = light();
    },
    decision: (lamp) => lighting?.decision(lamp),
    override,
    ...(peakLimit === undefined ? {} : { peakLimit }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

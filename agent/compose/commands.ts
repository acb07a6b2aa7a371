/** Everything that writes to devices: the router, and the controllers that go through it. */

import { CommandRouter, type RouterOptions } from '../command/router.ts';
import { interlocks, rights } from '../command/rules.ts';
import { type Lighting, type LightingOptions, startLighting } from '../control/lighting/lighting.ts';
import type { Submit } from '../core/command.ts';
import type { Site } from '../core/site.ts';

export interface CommandsOptions
  extends Pick<RouterOptions, 'clock' | 'log' | 'hub' | 'journal' | 'points' | 'write'> {
  readonly site: Site;
}

export interface Commands extends AsyncDisposable {
  readonly submit: Submit;
  /** The way of controllers: no journal, no clock. */
  readonly steer: Submit;
  readonly lighting: Lighting;
}

export async function startCommands({ site, ...options }: CommandsOptions): Promise<Commands> {
  await using stack = new AsyncDisposableStack();
  let lighting: Lighting | undefined;
  const lampAt = (device: string, point: string) =>
    site.lamps.find((one) => one.device === device && one.point === point);
  const router = stack.use(
    await CommandRouter.start({
      ...options,
      fallback: (device, point) => {
        const lamp = lampAt(device, point);
        return lamp && (lamp.fallback ?? 100);
      },
      holds: (device, point) => {
        const lamp = lampAt(device, point);
        return lamp?.programme === undefined ? undefined : lamp.overrideFor;
      },
      onOverride: (device, point) => lighting?.onOverride(device, point),
      interlock: interlocks(site.interlocks, options.hub),
      forbidden: rights(site.rights),
    }),
  );
  const lights: LightingOptions = { ...options, site, steer: router.steer, override: router.override };
  lighting = stack.use(startLighting(lights));
  const owned = stack.move();
  return {
    submit: router.submit,
    steer: router.steer,
    lighting,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The time of GNSS receivers on the lines, for the agent's clock. */
import type { Subscription } from '../core/hub.ts';
import type { Site } from '../core/site.ts';
import type { ToldTime } from '../core/time/told-time.ts';

/** The class of profiles whose point `utc-time` is that of satellites. */
const CLASS = 'gnss-receiver';
const POINT = 'utc-time';
/** A receiver tells a second within it, and the sentence takes its time over a slow line, ms. */
const UNCERTAINTY = 1000;

/** Tells `told` of every good UTC of a receiver. */
export function followGnss(site: Pick<Site, 'devices'>, hub: Subscription, told: ToldTime): Disposable {
  const receivers = new Set(
    site.devices.filter(({ profile }) => profile.class === CLASS).map(({ id }) => id),
  );
  if (receivers.size === 0) return new DisposableStack();
  return hub.onReadings((readings) => {
    for (const { device, point, value, quality, time } of readings) {
      if (point !== POINT || quality !== 'good' || typeof value !== 'string' || !receivers.has(device))
        continue;
      const wall = Date.parse(value);
      told.take({ rank: 'gnss', by: device, mono: time, wall, uncertaintyMs: UNCERTAINTY });
    }
  });
}

/** Bays that are taken while their charger does not charge: what the camera says and what the charger says, together. */
import type { BaySpec, CameraConfig } from '../core/camera.ts';
import type { Publisher, Subscription } from '../core/hub.ts';
import { bad, good, type Reading, uncertain } from '../core/reading.ts';
import { Debounced } from './debounced.ts';

/** Time to get out, find the card and plug in, ms. */
const AFTER = { on: 180_000, off: 0 };

/**
 * Publishes `<bay>-taken-not-charging` whenever the camera tells of the bay, until disposed; that it begins and that it ends are
 * events too.
 */
export function watchBays(cameras: readonly CameraConfig[], hub: Subscription & Publisher): Disposable {
  const watched = new Map<string, { readonly bay: BaySpec; readonly state: Debounced; told: boolean }>();
  for (const camera of cameras) {
    for (const bay of camera.bays ?? []) {
      if (bay.charger === undefined) continue;
      watched.set(`${camera.id}/${bay.id}-occupied`, { bay, state: new Debounced(AFTER), told: false });
    }
  }
  if (watched.size === 0) return { [Symbol.dispose]() {} };
  return hub.onReadings((readings) => {
    const told = readings.flatMap((occupied) => {
      const found = watched.get(`${occupied.device}/${occupied.point}`);
      if (found === undefined) return [];
      const reading = judge(found.bay, found.state, occupied, hub);
      if (typeof reading.value === 'boolean' && reading.value !== found.told) {
        found.told = reading.value;
        const { device, time } = reading;
        const body = { what: 'taken-not-charging', bay: found.bay.id, is: reading.value };
        hub.event({ event: 'camera', severity: reading.value ? 'warning' : 'info', device, time, body });
      }
      return [reading];
    });
    if (told.length > 0) hub.readings(told);
  });
}

function judge({ id, charger }: BaySpec, state: Debounced, occupied: Reading, hub: Subscription): Reading {
  const { device, time } = occupied;
  const at = { device, point: `${id}-taken-not-charging`, unit: '1' } as const;
  const charging = charger && hub.latest(charger.device, charger.point);
  const reason =
    occupied.value === null
      ? (occupied.reason ?? 'not-available')
      : charging === undefined || charging.value === null
        ? (charging?.reason ?? 'not-available')
        : undefined;
  if (reason !== undefined || charger === undefined) {
    state.forget();
    return bad(at, reason ?? 'not-available', time);
  }
  const active =
    typeof charging?.value === 'number' ? charging.value > charger.above : charging?.value === true;
  state.update(occupied.value === true && !active, time);
  // Before three minutes are over nobody can know.
  if (state.value === undefined) {
    return uncertain(at, false, 'warming-up', time);
  }
  return good(at, state.value, time);
}

/** What can be tested on a site. */
import type { AcceptanceTest, TestKind } from '../../core/acceptance.ts';
import type { SosConfig } from '../../core/alarm/alarm.ts';
import type { Text } from '../../core/point.ts';
import type { LampConfig, Site } from '../../core/site.ts';

export type Subject = { readonly id: string; readonly title: Text } & (
  | { readonly kind: 'sos'; readonly sos: SosConfig }
  | { readonly kind: 'lamp'; readonly lamp: LampConfig }
  | { readonly kind: 'door'; readonly device: string; readonly point: string }
  | { readonly kind: 'sign' }
  | { readonly kind: 'uplink'; readonly uplink: string }
);

/** In the order in which a technician does them. */
export function subjectsOf(site: Site): readonly Subject[] {
  const sos = (site.alarms?.sos ?? []).map(
    (one): Subject => ({ id: `sos.${one.id}`, kind: 'sos', title: one.title, sos: one }),
  );
  const lamps = site.lamps.map(
    (lamp): Subject => ({
      id: `lamp.${lamp.id}`,
      kind: 'lamp',
      title: { en: `Lamp ${lamp.id}`, zh: `灯 ${lamp.id}` },
      lamp,
    }),
  );
  const doors = site.devices.flatMap((device) =>
    device.profile.points
      .filter(({ id, type, access }) => type === 'boolean' && access !== 'write' && /(^|-)door($|-)/.test(id))
      .map(
        (point): Subject => ({
          id: `door.${device.id}.${point.id}`,
          kind: 'door',
          title: point.title,
          device: device.id,
          point: point.id,
        }),
      ),
  );
  const sign: readonly Subject[] =
    site.sign?.screen === undefined
      ? []
      : [{ id: `sign.${site.sign.id}`, kind: 'sign', title: { en: 'Stop sign', zh: '电子站牌' } }];
  const uplinks = site.uplinks.map(
    ({ id }): Subject => ({
      id: `uplink.${id}`,
      kind: 'uplink',
      title: { en: `Uplink ${id}`, zh: `上行 ${id}` },
      uplink: id,
    }),
  );
  return [...sos, ...lamps, ...doors, ...sign, ...uplinks];
}

export function notDone({ id, kind, title }: { id: string; kind: TestKind; title: Text }): AcceptanceTest {
  return { id, kind, title, state: 'not-done', facts: [] };
}

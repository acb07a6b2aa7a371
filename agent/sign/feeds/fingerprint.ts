/** Whether what a feed says has moved: a number over positions and times, whatever stands in its header. */
import type { FeedContent } from './content.ts';

/** The same for the same content. Cheap: a city's feed has 10,000 entities. */
export function fingerprint(content: FeedContent): string {
  if (content.fingerprint !== undefined) return content.fingerprint;
  const { vehicles, updates, alerts } = content;
  let hash = 0x811c9dc5;
  const number = (value: number | undefined) => {
    // Both halves of a time in ms, and degrees to 0.1 m.
    const whole = Math.round((value ?? -1) * (Math.abs(value ?? 0) < 1000 ? 1e6 : 1));
    hash = Math.imul(hash ^ (whole | 0), 0x01000193);
    hash = Math.imul(hash ^ Math.floor(whole / 0x1_0000_0000), 0x01000193);
  };
  const text = (value: string) => {
    for (let i = 0; i < value.length; i++) hash = Math.imul(hash ^ value.charCodeAt(i), 0x01000193);
  };
  for (const { vehicle, position, time } of vehicles) {
    text(vehicle);
    number(position.lat);
    number(position.lon);
    number(time);
  }
  for (const { trip, delay, stops, time } of updates) {
    text(trip.trip ?? trip.line ?? '');
    text(trip.relationship ?? '');
    number(delay);
    number(time);
    for (const { arrival, departure, relationship } of stops) {
      text(relationship);
      number(arrival?.time ?? arrival?.delay);
      number(departure?.time ?? departure?.delay);
    }
  }
  for (const { id } of alerts ?? []) text(id);
  return `${vehicles.length} ${updates.length} ${alerts?.length ?? 0} ${hash >>> 0}`;
}

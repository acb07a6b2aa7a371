/** Trip modifications (GTFS Realtime, experimental): which calls trips leave out, and where they stop instead. */
import type { Detour } from '../content.ts';
import type { WireModifications, WireSelector } from './gtfs_realtime.pb.js';

export function detoursOf({ selectedTrips, serviceDates, modifications }: WireModifications): Detour[] {
  const trips = selectedTrips.flatMap(({ tripIds }) => tripIds);
  const dates = serviceDates.filter((date) => /^\d{8}$/.test(date));
  return modifications.map(({ startStopSelector, endStopSelector, replacementStops }) => {
    const from = selected(startStopSelector);
    return {
      trips,
      dates,
      from,
      // Without an end the call at its start alone is left out.
      to: endStopSelector === null ? from : selected(endStopSelector),
      replacements: replacementStops.map(({ stopId }) => stopId).filter((stop) => stop !== ''),
    };
  });
}

function selected(selector: WireSelector | null): Detour['from'] {
  if (selector === null) return {};
  return {
    ...(selector.stopId === '' ? {} : { stop: selector.stopId }),
    ...(Object.hasOwn(selector, 'stopSequence') ? { sequence: selector.stopSequence } : {}),
  };
}

/** The centre's messages: GTFS Realtime, JSON positions, SIRI Stop Monitoring; written apart from whatever reads them. */
import { type Centre, type CityAlert, type Forecast, type Position, startText } from './centre.ts';
import type { Run } from './fleet.ts';
import { Proto } from './protobuf.ts';

const RELATIONSHIP = { scheduled: 0, unscheduled: 2, cancelled: 3 } as const;
const SKIPPED = 1;

/** `now` is Unix epoch ms; `header` another time of the header, for a centre that stamps anew what stands still. */
export function vehiclePositions(centre: Centre, now: number, header = now): Buffer {
  const feed = head(header);
  for (const position of centre.positions(now))
    feed.message(2, entity(position.vehicle).message(4, vehicleOf(position)));
  return feed.bytes();
}

export function tripUpdates(centre: Centre, now: number, header = now): Buffer {
  const feed = head(header);
  for (const forecast of centre.forecasts(now)) {
    feed.message(
      2,
      entity(`${forecast.run.trip.id} ${forecast.run.start}`).message(3, updateOf(forecast, now)),
    );
  }
  return feed.bytes();
}

export function alerts(list: readonly CityAlert[], now: number): Buffer {
  const feed = head(now);
  for (const alert of list) feed.message(2, entity(alert.id).message(5, alertOf(alert)));
  return feed.bytes();
}

function head(time: number): Proto {
  return new Proto().message(
    1,
    new Proto()
      .text(1, '2.0')
      .int(2, 0)
      .int(3, time / 1000),
  );
}

function entity(id: string): Proto {
  return new Proto().text(1, id);
}

function tripOf(run: Run, cancelled = false): Proto {
  const headway = run.trip.headway !== undefined;
  const relationship = cancelled ? 'cancelled' : headway ? 'unscheduled' : 'scheduled';
  return new Proto()
    .text(1, run.trip.id)
    .text(2, startText(run))
    .text(3, run.date)
    .int(4, RELATIONSHIP[relationship])
    .text(5, run.trip.pattern.line)
    .int(6, run.trip.pattern.direction);
}

function vehicleOf(bus: Position): Proto {
  const { run, lat, lon, bearing, speed, next, stopped, time, vehicle, phase } = bus;
  const call = run.trip.pattern.stops[next];
  return new Proto()
    .message(1, phase === 'deadhead' ? undefined : tripOf(run))
    .message(2, new Proto().float(1, lat).float(2, lon).float(3, bearing).float(5, speed))
    .int(3, (next + 1) * 5)
    .int(4, stopped ? 1 : 2)
    .int(5, time / 1000)
    .text(7, call?.id)
    .message(8, new Proto().text(1, vehicle).int(4, run.trip.wheelchair ? 2 : 3))
    .int(9, 1);
}

function updateOf({ run, cancelled, next, arrivals, delay }: Forecast, now: number): Proto {
  const update = new Proto().message(1, tripOf(run, cancelled));
  if (!cancelled) {
    arrivals.forEach((arrival, i) => {
      if (i < next) return;
      const event = arrival === undefined ? undefined : new Proto().int(1, delay).int(2, arrival / 1000);
      update.message(
        2,
        new Proto()
          .int(1, (i + 1) * 5)
          .message(2, event)
          .message(3, event)
          .text(4, run.trip.pattern.stops[i]?.id)
          .int(5, arrival === undefined ? SKIPPED : 0),
      );
    });
  }
  return update.message(3, new Proto().text(1, run.vehicle)).int(4, now / 1000);
}

function alertOf({ header, headerEnglish, description, lines, stops, from, to, severe }: CityAlert): Proto {
  const text = (value: string, language: string) => new Proto().text(1, value).text(2, language);
  const alert = new Proto().message(1, new Proto().int(1, from / 1000).int(2, to / 1000));
  for (const line of lines) alert.message(5, new Proto().text(2, line));
  for (const stop of stops) alert.message(5, new Proto().text(5, stop));
  return alert
    .int(6, 10)
    .int(7, 4)
    .message(10, new Proto().message(1, text(header, 'zh')).message(1, text(headerEnglish, 'en')))
    .message(11, new Proto().message(1, text(description, 'zh')))
    .int(14, severe ? 4 : 2);
}

/** Positions and, if asked, predictions at `stops` as JSON (docs/sign/data.md). */
export function gpsJson(centre: Centre, now: number, stops: readonly string[] = []): string {
  return JSON.stringify({
    v: 1,
    sent: new Date(now).toISOString(),
    full: true,
    vehicles: centre.positions(now).map((bus) => ({
      vehicle: bus.vehicle,
      lat: Number(bus.lat.toFixed(6)),
      lon: Number(bus.lon.toFixed(6)),
      time: bus.time,
      ...(bus.phase === 'deadhead'
        ? {}
        : {
            line: bus.run.trip.pattern.line,
            direction: bus.run.trip.pattern.direction,
            trip: bus.run.trip.id,
            date: bus.run.date,
            start: startText(bus.run),
          }),
      speed_kmh: Number((bus.speed * 3.6).toFixed(1)),
      bearing: Math.round(bus.bearing) % 360,
      phase: bus.phase,
      sequence: (bus.next + 1) * 5,
      stop_status: bus.stopped ? 'at' : 'between',
      wheelchair: bus.run.trip.wheelchair,
    })),
    ...(stops.length === 0
      ? {}
      : {
          predictions: centre.forecasts(now).flatMap<object>(({ run, cancelled, arrivals, next }) => {
            const trip = {
              trip: run.trip.id,
              line: run.trip.pattern.line,
              direction: run.trip.pattern.direction,
              date: run.date,
              start: startText(run),
            };
            if (cancelled) return [{ ...trip, relationship: 'cancelled' }];
            const calls = run.trip.pattern.stops.flatMap(({ id }, i) => {
              const arrival = arrivals[i];
              if (i < next || !stops.includes(id)) return [];
              const call = { stop: id, sequence: (i + 1) * 5 };
              return [arrival === undefined ? { ...call, relationship: 'skipped' } : { ...call, arrival }];
            });
            return calls.length === 0 ? [] : [{ ...trip, vehicle: run.vehicle, time: now, stops: calls }];
          }),
        }),
  });
}

/** A StopMonitoringDelivery of SIRI 2.0. */
export function siri(centre: Centre, now: number, stops: readonly string[]): string {
  const iso = (time: number) => new Date(time).toISOString();
  const positions = new Map(centre.positions(now).map((bus) => [bus.vehicle, bus]));
  const visits = centre.forecasts(now).flatMap(({ run, cancelled, arrivals, next }) =>
    run.trip.pattern.stops.flatMap(({ id }, i) => {
      if (i < next || !stops.includes(id)) return [];
      const bus = positions.get(run.vehicle);
      const arrival = arrivals[i];
      return [
        `<MonitoredStopVisit><RecordedAtTime>${iso(now)}</RecordedAtTime><MonitoringRef>${id}</MonitoringRef>` +
          `<MonitoredVehicleJourney><LineRef>${run.trip.pattern.line}</LineRef><DirectionRef>${run.trip.pattern.direction}</DirectionRef>` +
          `<FramedVehicleJourneyRef><DataFrameRef>${run.date.replace(/(....)(..)(..)/, '$1-$2-$3')}</DataFrameRef>` +
          `<DatedVehicleJourneyRef>${run.trip.id}</DatedVehicleJourneyRef></FramedVehicleJourneyRef>` +
          `<DestinationName>${run.trip.pattern.headsign}</DestinationName>${cancelled ? '<Cancellation>true</Cancellation>' : ''}` +
          `<Monitored>true</Monitored>${
            bus?.run === run
              ? `<VehicleLocation><Longitude>${bus.lon.toFixed(6)}</Longitude><Latitude>${bus.lat.toFixed(6)}</Latitude></VehicleLocation><Bearing>${bus.bearing.toFixed(0)}</Bearing>`
              : ''
          }<VehicleRef>${run.vehicle}</VehicleRef>` +
          `<MonitoredCall><StopPointRef>${id}</StopPointRef><Order>${(i + 1) * 5}</Order><VehicleAtStop>${bus?.run === run && bus.stopped && bus.next === i}</VehicleAtStop>` +
          `<AimedArrivalTime>${iso(run.planned[i] ?? 0)}</AimedArrivalTime>${
            arrival === undefined
              ? '<ArrivalStatus>cancelled</ArrivalStatus>'
              : `<ExpectedArrivalTime>${iso(arrival)}</ExpectedArrivalTime>`
          }</MonitoredCall></MonitoredVehicleJourney></MonitoredStopVisit>`,
      ];
    }),
  );
  return (
    '<?xml version="1.0" encoding="UTF-8"?><Siri xmlns="http://www.siri.org.uk/siri" version="2.0"><ServiceDelivery>' +
    `<ResponseTimestamp>${iso(now)}</ResponseTimestamp><StopMonitoringDelivery version="2.0"><ResponseTimestamp>${iso(now)}</ResponseTimestamp>` +
    `<Status>true</Status>${visits.join('')}</StopMonitoringDelivery></ServiceDelivery></Siri>`
  );
}

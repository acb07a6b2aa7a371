import { describe, expect, it } from 'vitest';
import type { FeedContent } from '../../../../agent/sign/feeds/content.ts';
import { decodeGpsJson } from '../../../../agent/sign/feeds/gps-json/decode.ts';
import { decodeGtfsRt } from '../../../../agent/sign/feeds/gtfs-rt/decode.ts';
import { decodeSiri } from '../../../../agent/sign/feeds/siri/decode.ts';
import { Centre, secondsOf, startText } from '../../../../hw-sim/city/transit/centre.ts';
import { Fleet } from '../../../../hw-sim/city/transit/fleet.ts';
import {
  alerts,
  gpsJson,
  siri,
  tripUpdates,
  vehiclePositions,
} from '../../../../hw-sim/city/transit/messages.ts';
import { CITY } from '../timetable/feed.ts';

/** Monday, 08:10 in Shanghai. */
const NOW = Date.UTC(2027, 5, 21, 0, 10);
const centre = new Centre(new Fleet(CITY), {
  cancelled: ['L15-0-daily-010'],
  skipped: ['C2'],
});

const encode = (text: string) => new TextEncoder().encode(text);

describe('GTFS Realtime', () => {
  it('gives positions as they were sent', () => {
    const sent = centre.positions(NOW);
    const { vehicles, sent: header, whole } = decodeGtfsRt(vehiclePositions(centre, NOW));
    expect(sent.length).toBeGreaterThan(20);
    expect([header, whole]).toEqual([NOW, true]);
    expect(
      vehicles.map(({ vehicle, time, trip, near, wheelchair, occupancy }) => ({
        vehicle,
        time,
        trip,
        near,
        wheelchair,
        occupancy,
      })),
    ).toEqual(
      sent.map(({ vehicle, time, run, next, stopped, phase }) => ({
        vehicle,
        time: Math.round(time / 1000) * 1000,
        trip:
          phase === 'deadhead'
            ? undefined
            : {
                trip: run.trip.id,
                date: run.date,
                start: run.start,
                line: run.trip.pattern.line,
                direction: run.trip.pattern.direction,
                relationship: run.trip.headway === undefined ? 'scheduled' : 'unscheduled',
              },
        near: {
          how: stopped ? 'at' : 'between',
          stop: run.trip.pattern.stops[next]?.id,
          sequence: (next + 1) * 5,
        },
        wheelchair: run.trip.wheelchair,
        occupancy: 'many-seats',
      })),
    );
    vehicles.forEach(({ position, speed }, i) => {
      expect(position.lat).toBeCloseTo(sent[i]?.lat ?? 0, 5);
      expect(position.lon).toBeCloseTo(sent[i]?.lon ?? 0, 4);
      expect(speed).toBeCloseTo(sent[i]?.speed ?? 0, 3);
    });
  });

  it('gives updates of trips, with what is cancelled and skipped', () => {
    const { updates } = decodeGtfsRt(tripUpdates(centre, NOW));
    const forecasts = centre.forecasts(NOW);
    expect(updates).toHaveLength(forecasts.length);
    forecasts.forEach(({ run, cancelled, next, arrivals, delay }, i) => {
      const update = updates[i];
      expect(update?.trip.start).toBe(run.start);
      expect(update?.trip.relationship === 'cancelled').toBe(cancelled);
      if (cancelled) return;
      expect(update?.stops).toHaveLength(arrivals.length - next);
      update?.stops.forEach((stop, k) => {
        const arrival = arrivals[next + k];
        if (arrival === undefined) expect(stop).toMatchObject({ relationship: 'skipped' });
        else
          expect(stop).toMatchObject({
            relationship: 'scheduled',
            arrival: { time: Math.round(arrival / 1000) * 1000, delay },
          });
      });
    });
  });

  it('steps over updates of trips that nobody wants, and counts them', () => {
    const bytes = tripUpdates(centre, NOW);
    const all = decodeGtfsRt(bytes);
    const ours = decodeGtfsRt(bytes, (_trip, line) => line === 'L7');
    expect(ours.updates).toEqual(all.updates.filter(({ trip }) => trip.line === 'L7'));
    expect(ours.dropped).toEqual({ 'other-line': all.updates.length - ours.updates.length });
    expect(ours.fingerprint?.split(' ')[1]).toBe(all.fingerprint?.split(' ')[1]);
    const later = decodeGtfsRt(tripUpdates(centre, NOW, NOW + 5000));
    expect(later.fingerprint).toBe(all.fingerprint);
  });

  it('gives alerts in their languages', () => {
    const alert = {
      id: 'a1',
      header: '改线',
      headerEnglish: 'Detour',
      description: '市民中心站不停靠',
      lines: ['L7'],
      stops: ['C1'],
      from: NOW - 3_600_000,
      to: NOW + 3_600_000,
      severe: true,
    };
    expect(decodeGtfsRt(alerts([alert], NOW)).alerts).toEqual([
      {
        id: 'a1',
        informed: [{ line: 'L7' }, { stop: 'C1' }],
        active: [{ from: alert.from, to: alert.to }],
        texts: [
          { language: 'zh', header: '改线', description: '市民中心站不停靠' },
          { language: 'en', header: 'Detour' },
        ],
        effect: 'detour',
        severity: 'severe',
      },
    ]);
  });

  it('reads the JSON of the same, in both spellings', () => {
    const feed = {
      header: { gtfs_realtime_version: '2.0', incrementality: 'FULL_DATASET', timestamp: String(NOW / 1000) },
      entity: [
        {
          id: '1',
          vehicle: {
            trip: { trip_id: 't', schedule_relationship: 'CANCELED', directionId: 1 },
            vehicle: { id: 'v', wheelchairAccessible: 'WHEELCHAIR_INACCESSIBLE' },
            position: { latitude: 36.8, longitude: 118 },
            timestamp: NOW / 1000,
            occupancy_status: 'FULL',
          },
        },
        {
          id: '2',
          alert: { header_text: [{ translation: { text: 'x', language: 'en' } }], effect: 'NO_SERVICE' },
        },
      ],
    };
    const { vehicles, alerts: told, sent } = decodeGtfsRt(encode(JSON.stringify(feed)));
    expect(sent).toBe(NOW);
    expect(vehicles).toEqual([
      {
        vehicle: 'v',
        position: { lat: 36.8, lon: 118 },
        time: NOW,
        trip: { trip: 't', direction: 1, relationship: 'cancelled' },
        occupancy: 'full',
        wheelchair: false,
      },
    ]);
    expect(told).toMatchObject([{ effect: 'no-service', texts: [{ language: 'en', header: 'x' }] }]);
  });

  it.each([
    ['nothing', '', /no GTFS-realtime message|version/],
    ['a page', '<html></html>', /no GTFS-realtime message/],
    ['other JSON', '{"a":1}', /no header/],
    ['half of JSON', '{"header":', /no JSON/],
    ['another version', '{"header":{"gtfs_realtime_version":"9.1"}}', /no known version/],
  ])('refuses %s', (_name, text, why) => {
    expect(() => decodeGtfsRt(encode(text))).toThrow(why);
  });
});

describe('JSON positions', () => {
  it('say the same as the other formats', () => {
    const json = decodeGpsJson(encode(gpsJson(centre, NOW, ['C1', 'C2'])));
    const proto = decodeGtfsRt(vehiclePositions(centre, NOW));
    expect(json.vehicles.map(({ vehicle, trip }) => [vehicle, trip?.trip, trip?.start])).toEqual(
      proto.vehicles.map(({ vehicle, trip }) => [vehicle, trip?.trip, trip?.start]),
    );
    expect(json.updates.filter(({ trip }) => trip.relationship === 'cancelled')).toHaveLength(1);
    expect(
      json.updates.flatMap(({ stops }) => stops).some(({ relationship }) => relationship === 'skipped'),
    ).toBe(true);
  });

  it('take one vehicle alone, a list, and times in every spelling', () => {
    const one = { vehicle: 'a', lat: 36.8, lon: 118, line: 7 };
    for (const time of [NOW, NOW / 1000, '2027-06-21T08:10:00+08:00', '2027-06-21 08:10:00+0800']) {
      const { vehicles } = decodeGpsJson(encode(JSON.stringify({ ...one, time })));
      expect(vehicles).toEqual([
        { vehicle: 'a', position: { lat: 36.8, lon: 118 }, time: NOW, trip: { line: '7' } },
      ]);
    }
    expect(decodeGpsJson(encode(JSON.stringify([one, one]))).vehicles).toHaveLength(2);
    expect(decodeGpsJson(encode('{"trip":"t","line":"L7","relationship":"cancelled"}')).updates).toEqual([
      { trip: { trip: 't', line: 'L7', relationship: 'cancelled' }, stops: [] },
    ]);
  });

  it('leave out items that are wrong, and count them', () => {
    const { vehicles, dropped } = decodeGpsJson(
      encode(
        '{"vehicles":[{"vehicle":"a","lat":1,"lon":2},{"lat":1,"lon":2},{"vehicle":"b","lat":"1","lon":2},7,{"vehicle":"c","lat":1,"lon":2,"time":"8:10"}]}',
      ),
    );
    expect(vehicles.map(({ vehicle }) => vehicle)).toEqual(['a']);
    expect(dropped).toEqual({ 'no-vehicle': 1, 'no-position': 1, 'no-object': 1, 'bad-time': 1 });
  });

  it.each([
    ['{"v":2,"vehicles":[]}', /version is 2/],
    ['{"buses":[]}', /neither vehicles nor predictions/],
    ['nonsense', /no JSON/],
    ['\xff\xfe', /no JSON/],
  ])('refuse %s', (text, why) => {
    expect(() => decodeGpsJson(Buffer.from(text, 'latin1'))).toThrow(why);
  });
});

describe('SIRI Stop Monitoring', () => {
  const read = (): FeedContent => decodeSiri(encode(siri(centre, NOW, ['C1', 'C2'])));

  it('gives the visits of the stops', () => {
    const { updates, vehicles, sent } = read();
    const told = centre
      .forecasts(NOW)
      .flatMap(({ run, cancelled, arrivals, next }) =>
        run.trip.pattern.stops.flatMap(({ id }, i) =>
          i >= next && (id === 'C1' || id === 'C2')
            ? [{ trip: run.trip.id, stop: id, arrival: arrivals[i], cancelled }]
            : [],
        ),
      );
    expect(sent).toBe(NOW);
    expect(
      updates.map(({ trip, stops: [stop] }) => ({
        trip: trip.trip,
        stop: stop?.stop,
        arrival: stop?.arrival?.time,
        cancelled: trip.relationship === 'cancelled',
      })),
    ).toEqual(
      told.map((one) => ({
        ...one,
        arrival: one.arrival === undefined ? undefined : Math.floor(one.arrival),
      })),
    );
    expect(vehicles.length).toBeGreaterThan(5);
    expect(updates[0]?.stops[0]?.arrival?.scheduled).toBeDefined();
  });

  it('reads prefixes, CDATA and a cancellation', () => {
    const { updates } = decodeSiri(
      encode(
        '<s:Siri xmlns:s="http://www.siri.org.uk/siri"><s:ServiceDelivery><s:StopMonitoringDelivery><s:MonitoredStopVisitCancellation><s:MonitoringRef>C1</s:MonitoringRef><s:LineRef><![CDATA[L7]]></s:LineRef><s:VehicleJourneyRef><s:DataFrameRef>2027-06-21</s:DataFrameRef><s:DatedVehicleJourneyRef>t1</s:DatedVehicleJourneyRef></s:VehicleJourneyRef></s:MonitoredStopVisitCancellation></s:StopMonitoringDelivery></s:ServiceDelivery></s:Siri>',
      ),
    );
    expect(updates).toEqual([
      { trip: { trip: 't1', line: 'L7', date: '20270621', relationship: 'cancelled' }, stops: [] },
    ]);
  });

  it.each([
    ['<!DOCTYPE a [<!ENTITY b "c">]><Siri/>', /document type/],
    ['<Siri>', /no XML/],
    ['<html/>', /no StopMonitoringDelivery/],
    [`${'<a>'.repeat(40)}${'</a>'.repeat(40)}`, /too deep/],
    [
      '<Siri><StopMonitoringDelivery><Status>false</Status><ErrorCondition><OtherError><ErrorText>unknown requestor</ErrorText></OtherError></ErrorCondition></StopMonitoringDelivery></Siri>',
      /centre refuses/,
    ],
    ['<Siri>&lol;</Siri>', /no XML/],
  ])('refuses %s', (text, why) => {
    expect(() => decodeSiri(encode(text))).toThrow(why);
  });
});

it('starts of runs are those of the timetable', () => {
  const run = centre.fleet.runs('20270621').find(({ trip }) => trip.id === 'N1-0-daily-004');
  expect(run === undefined ? '' : startText(run)).toBe('25:00:00');
  expect(secondsOf('20270621', run?.planned[0] ?? 0)).toBe(25 * 3600);
});

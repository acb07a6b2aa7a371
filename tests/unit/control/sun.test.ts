/** The sun against published almanacs, and nights at every latitude. */
import { describe, expect, test } from 'vitest';
import { Nights } from '../../../agent/control/lighting/night.ts';
import { darkness, sunElevation } from '../../../agent/control/lighting/sun.ts';
import { LocalDays } from '../../../agent/core/time/local-days.ts';

const HOUR = 3_600_000;

/**
 * Sunrise and sunset, UTC, to the minute. Greenwich 2024: HM Nautical Almanac Office tables of the solstices and an
 * equinox; equator: the almanac's definition gives a day of 12 h 07 min. Upper limb with refraction is −0.833° of the
 * true centre.
 */
const ALMANAC = [
  { place: 'Greenwich', lat: 51.48, lon: 0, date: '2024-06-20', rise: '03:43', set: '20:21' },
  { place: 'Greenwich', lat: 51.48, lon: 0, date: '2024-12-21', rise: '08:04', set: '15:53' },
  { place: 'Greenwich', lat: 51.48, lon: 0, date: '2024-03-20', rise: '06:04', set: '18:13' },
] as const;

describe('the sun', () => {
  test.each(ALMANAC)(
    '$place on $date rises at $rise and sets at $set UTC',
    ({ lat, lon, date, rise, set }) => {
      const noon = Date.parse(`${date}T12:00:00Z`);
      // The apparent centre stands 16′ below the horizon when the upper limb touches it.
      const night = darkness({ lat, lon }, noon, noon + 24 * HOUR, -0.27);
      const morning = darkness({ lat, lon }, noon - 24 * HOUR, noon, -0.27);
      const minutes = (time: number | undefined) =>
        time === undefined ? Number.NaN : (time % (24 * HOUR)) / 60_000;
      const asked = (text: string) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
      expect(Math.abs(minutes(night?.dusk) - asked(set))).toBeLessThan(3);
      expect(Math.abs(minutes(morning?.dawn) - asked(rise))).toBeLessThan(3);
    },
  );

  test('culminates at 90° − latitude + declination', () => {
    // 21 June 2027, Zibo: local noon is near 04:10 UTC; declination 23.43°.
    const highest = Math.max(
      ...Array.from({ length: 120 }, (_, i) =>
        sunElevation({ lat: 36.8, lon: 118.05 }, Date.parse('2027-06-21T03:10:00Z') + i * 60_000),
      ),
    );
    expect(highest).toBeCloseTo(90 - 36.8 + 23.43, 0);
  });
});

describe('a night', () => {
  const nightsOf = (lat: number, elevation = -2, zone = 'UTC') =>
    new Nights(new LocalDays(zone), { lat, lon: 0 }, elevation);

  test('is the same from noon to noon, and its date is the evening’s', () => {
    const nights = nightsOf(36.8);
    const evening = nights.at(Date.parse('2027-03-01T20:00:00Z'));
    expect(evening.date).toBe('2027-03-01');
    expect(nights.at(Date.parse('2027-03-02T05:00:00Z'))).toEqual(evening);
    expect(nights.at(Date.parse('2027-03-02T12:00:00Z')).date).toBe('2027-03-02');
  });

  test('of 366 days at all latitudes: no night in the polar day, one without end in the polar night', () => {
    for (let lat = -90; lat <= 90; lat += 10) {
      const nights = nightsOf(lat);
      let dark = 0;
      for (let day = 0; day < 366; day++) {
        const night = nights.at(Date.UTC(2028, 0, 1 + day, 18));
        if (night.dark === undefined) continue;
        expect(night.dark.dusk).toBeGreaterThanOrEqual(night.from);
        expect(night.dark.dawn).toBeLessThanOrEqual(night.to);
        expect(night.dark.dawn).toBeGreaterThan(night.dark.dusk);
        dark += night.dark.dawn - night.dark.dusk;
      }
      // Half of the year is dark everywhere, a little less for the twilight above −2°.
      expect(dark / HOUR / (366 * 24)).toBeGreaterThan(0.42);
      expect(dark / HOUR / (366 * 24)).toBeLessThan(0.52);
    }
  });

  test.each([
    ['Europe/Berlin', '2027-03-27T22:00:00Z', 23],
    ['Europe/Berlin', '2027-10-30T22:00:00Z', 25],
    ['Asia/Shanghai', '2027-03-27T22:00:00Z', 24],
  ])('%s over the change of clocks at %s has %i hours, and 03:30 is once', (zone, at, hours) => {
    const nights = nightsOf(50, -2, zone);
    const night = nights.at(Date.parse(at));
    expect((night.to - night.from) / HOUR).toBe(hours);
    const shown = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hour: '2-digit',
      minute: '2-digit',
    }).format(nights.moment(night, 3 * 60 + 30));
    expect(shown).toBe('03:30');
  });
});

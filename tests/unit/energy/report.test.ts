/** The monthly report and the table of its days, over a month of the simulated building. */
import Papa from 'papaparse';
import { beforeAll, describe, expect, it } from 'vitest';
import { EnergyBook } from '../../../agent/control/energy/book.ts';
import { bars } from '../../../agent/control/energy/report/chart.ts';
import { reportCsv } from '../../../agent/control/energy/report/csv.ts';
import { type ReportData, reportData } from '../../../agent/control/energy/report/data.ts';
import { reportHtml } from '../../../agent/control/energy/report/html.ts';
import type { Finding } from '../../../agent/core/energy/diagnosis.ts';
import type { EnergyConfig, RegisterSeries } from '../../../agent/core/energy/energy.ts';
import { DAY, YEAR_START } from '../../../hw-sim/building/calendar.ts';
import { simulateYear } from '../../../hw-sim/building/year.ts';
import { energyConfig, registersOf } from '../../support/simulated-building.ts';

const ZONE = 'Asia/Shanghai';
const HOSTILE = '<img src=x onerror=alert(1)> "A" & B';
const MARCH = YEAR_START + 59 * DAY;
const AFTER = YEAR_START + 95 * DAY;

const finding = (change: Partial<Finding>): Finding => ({
  id: 'x',
  check: 'water-never-zero',
  branch: 'w-office',
  severity: 'warning',
  since: '2027-03-10',
  until: '2027-03-20',
  state: 'closed',
  stake: 216,
  unit: 'm3',
  evidence: { least_m3_per_hour: 0.3, days: 3 },
  ...change,
});

describe('a month of the building', () => {
  let data: ReportData;
  let config: EnergyConfig;
  beforeAll(() => {
    const faults = [
      { kind: 'silent-for-days', check: 'readings-missing', branch: 'w-shop', from: 70, to: 74, size: 0.5 },
    ] as const;
    const year = simulateYear({ seed: 12, faults });
    const series = new Map([...year.meters.values()].flatMap((meter) => [...registersOf(meter)]));
    const plain = energyConfig();
    config = {
      ...plain,
      title: { en: HOSTILE, zh: '办公楼' },
      demandLimit: { meter: 'e-main-in', kw: 220 },
      accounts: [
        {
          id: 'building',
          title: { en: 'Building', zh: '楼宇' },
          kind: 'supply',
          lines: [{ meter: 'e-main-in', tariff: 'grid', share: 1 }],
        },
      ],
      tariffs: [
        {
          id: 'grid',
          title: { en: 'Grid' },
          carrier: 'electricity',
          versions: [{ from: '2027-01-01', prices: { flat: '0.65' }, schedules: [] }],
        },
      ],
    };
    const registers = new Map(
      config.meters.flatMap((meter) =>
        meter.kind === 'register' ? [[`${meter.device}/${meter.point}`, meter.id] as const] : [],
      ),
    );
    const book = new EnergyBook({
      config,
      timezone: ZONE,
      settlementDay: 1,
      read: (names, from, to) =>
        names.map(({ device, point }): RegisterSeries => {
          const all = series.get(registers.get(`${device}/${point}`) ?? '');
          const none = new Float64Array();
          if (all === undefined)
            return { device, point, unit: 'kW.h', times: none, values: none, breaks: [], buckets: [] };
          const [a, b] = [
            all.times.findLastIndex((time) => time < from),
            all.times.findIndex((time) => time > to),
          ];
          return {
            ...all,
            since: YEAR_START,
            times: all.times.slice(Math.max(0, a), b + 1),
            values: all.values.slice(Math.max(0, a), b + 1),
            buckets: all.buckets.filter(({ start }) => start >= from && start < to),
          };
        }),
      dayMeans: () => [],
    });
    const findings = [
      finding({}),
      finding({ id: 'before', since: '2027-01-02', until: '2027-01-09' }),
      finding({
        id: 'open',
        check: 'ct-reversed',
        branch: 'e-it',
        since: '2027-02-20',
        state: 'open',
        unit: 'kW.h',
        stake: null,
        evidence: { phase: 'L2' },
      }),
      finding({ id: 'later', since: '2027-04-02', state: 'open' }),
    ];
    data = reportData(config, book, '2027-03', AFTER, findings);
  }, 60_000);

  it('has its days, peaks, and the findings that touch it', () => {
    expect(data.days).toHaveLength(31);
    expect(data.days[0]?.date).toBe('2027-03-01');
    expect(data.period.from).toBe(MARCH);
    expect(data.findings.map(({ id }) => id)).toEqual(['x', 'open']);
    const peaks = data.days.flatMap(({ peak }) => peak ?? []);
    expect(peaks).toHaveLength(31);
    expect(Math.max(...peaks)).toBeGreaterThan(60);
    expect(Math.max(...peaks)).toBeLessThan(300);
  });

  it('prints in both languages, with charts, and with nothing that runs or comes from elsewhere', () => {
    for (const language of ['en', 'zh'] as const) {
      const html = reportHtml(data, { language, timezone: ZONE, made: AFTER });
      expect(html).toContain(`<html lang="${language === 'zh' ? 'zh-CN' : 'en'}">`);
      expect(html.match(/<svg/g)).toHaveLength(3);
      expect(html.match(/<rect/g)?.length).toBeGreaterThan(80);
      expect(html).not.toMatch(/<script|<img|https?:\/\/|@import/);
      expect(html).toContain('@page');
      expect(html).toContain(language === 'zh' ? '用水不归零（疑似漏水）' : 'Water flows without a pause');
      expect(html).toContain('216.0 m³');
      for (const tag of ['table', 'section', 'figure', 'tr', 'td']) {
        expect(html.split(`<${tag}`).length, tag).toBe(html.split(`</${tag}>`).length);
      }
    }
    expect(reportHtml(data, { language: 'en', timezone: ZONE, made: AFTER })).toContain(
      '&lt;img src=x onerror=alert(1)&gt; &quot;A&quot; &amp; B',
    );
  });

  it('says what every line of a table for programs is, and a sum that is the account', () => {
    const text = reportCsv(data, { language: 'en', bom: false });
    expect(
      text
        .split('\r\n')
        .slice(0, -1)
        .every((line) => !line.includes('\n')),
    ).toBe(true);
    const { data: rows, errors } = Papa.parse<Record<string, string>>(text.trimEnd(), { header: true });
    expect(errors).toEqual([]);
    expect(rows).toHaveLength(31 * 40);
    const own = rows.filter(({ id }) => id === 'e-it');
    const sum = own.reduce((all, { Quantity }) => all + Number(Quantity), 0);
    expect(sum).toBeCloseTo(data.account.circuits.find(({ id }) => id === 'e-it')?.quantity ?? Number.NaN, 4);
    expect(own[0]).toMatchObject({
      Date: '2027-03-01',
      Code: '01D10',
      Carrier: 'Electricity',
      Unit: 'kWh',
      Worth: 'measured',
    });
    // Days of silence are told as what they are.
    const silent = rows.filter(
      (row) => row.id === 'w-shop' && (row.Date ?? '') >= '2027-03-12' && (row.Date ?? '') <= '2027-03-14',
    );
    expect(silent.map((row) => row.Worth)).toEqual(['estimated', 'estimated', 'estimated']);
    expect(silent.map((row) => row['Readings there'])).toEqual(['0.0000', '0.0000', '0.0000']);
  });

  it('has the mark of its encoding where it is asked for, and Chinese heads', () => {
    const text = reportCsv(data, { language: 'zh', bom: true });
    expect(text.charCodeAt(0)).toBe(0xfeff);
    expect(text.slice(1).split('\r\n')[0]).toBe('日期,id,支路,编码,能源,用量,单位,数据质量,数据完整率');
  });
});

describe('bars', () => {
  it('show what is not known as that, and escape what they are given', () => {
    const svg = bars({
      title: '<b>',
      unit: 'kWh',
      labels: ['01', '02'],
      values: [10, null],
      line: { value: 5, label: '"x"' },
    });
    expect(svg.match(/<rect/g)).toHaveLength(1);
    expect(svg).toContain('>?</text>');
    expect(svg).not.toContain('<b>');
    expect(svg).toContain('&quot;x&quot;');
  });
});

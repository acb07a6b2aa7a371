/**
 * `node bench/energy-picture.ts [folder]`: a month of the simulated building on paper, in both languages, as HTML; and as
 * pictures where Chromium is there. What stands in docs/energy is from here.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { EnergyBook } from '../agent/control/energy/book.ts';
import { Diagnosis } from '../agent/control/energy/diagnosis/diagnosis.ts';
import { reportData } from '../agent/control/energy/report/data.ts';
import { reportHtml } from '../agent/control/energy/report/html.ts';
import type { RegisterSeries } from '../agent/core/energy/energy.ts';
import { DAY, YEAR_START } from '../hw-sim/building/calendar.ts';
import { simulateYear } from '../hw-sim/building/year.ts';
import { launch } from '../tests/browser/support/chromium.ts';
import { buildingInputs } from '../tests/support/simulated-building.ts';

const CHROMIUM = '/usr/bin/chromium';
const folder = resolve(process.argv[2] ?? 'docs/energy');
const MONTH = '2027-08';
/** Days of the year before September. */
const UNTIL = 243;

const year = simulateYear({ seed: 2 });
const inputs = buildingInputs(year);
const diagnosis = new Diagnosis(inputs.branches);
for (let day = 0; day < UNTIL; day++) diagnosis.day(inputs.day(day));
const config = {
  ...inputs.config,
  demandLimit: { meter: 'e-main-in', kw: 240 },
  accounts: [
    {
      id: 'building',
      title: { en: 'Building', zh: '楼宇' },
      kind: 'supply' as const,
      lines: [{ meter: 'e-main-in', tariff: 'grid', share: 1 }],
    },
  ],
  tariffs: [
    {
      id: 'grid',
      title: { en: 'Grid', zh: '电网' },
      carrier: 'electricity' as const,
      versions: [{ from: '2027-01-01', prices: { flat: '0.6523' }, schedules: [] }],
    },
  ],
};
const pointOf = new Map(
  config.meters.flatMap((meter) =>
    meter.kind === 'register' ? [[`${meter.device}/${meter.point}`, meter.id]] : [],
  ),
);
const book = new EnergyBook({
  config,
  timezone: 'Asia/Shanghai',
  settlementDay: 1,
  read: (names, from, to) =>
    names.map(({ device, point }): RegisterSeries => {
      const all = inputs.series.get(pointOf.get(`${device}/${point}`) ?? '');
      const none = new Float64Array();
      if (all === undefined)
        return { device, point, unit: 'kW.h', times: none, values: none, breaks: [], buckets: [] };
      return {
        ...all,
        since: YEAR_START,
        buckets: all.buckets.filter(({ start }) => start >= from && start < to),
      };
    }),
  dayMeans: () => [],
});
const now = YEAR_START + UNTIL * DAY + 900_000;
const data = reportData(config, book, MONTH, now, diagnosis.findings);
mkdirSync(folder, { recursive: true });
for (const language of ['en', 'zh'] as const) {
  const html = reportHtml(data, { language, timezone: 'Asia/Shanghai', made: now });
  if (!existsSync(CHROMIUM)) {
    writeFileSync(join(folder, `report-${language}.html`), html);
    continue;
  }
  const browser = await launch(CHROMIUM);
  const page = await browser.newPage({ viewport: { width: 900, height: 1270 } });
  await page.setContent(html);
  await page.screenshot({ path: join(folder, `report-${language}.png`) });
  await browser.close();
}

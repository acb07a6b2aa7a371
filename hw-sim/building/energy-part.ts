/** The part `energy:` of a site file for the meters of the building that stand in a street: tree, who pays, tariffs. */
import { type BuildingMeter, countsBothWays, METERS, registerOf } from './plan.ts';
import { LOSSES } from './year.ts';

/** Before any street opens. */
const SINCE = '2026-01-01';
const TARIFF: Readonly<Record<BuildingMeter['kind'], string>> = {
  electricity: 'grid',
  water: 'water',
  gas: 'gas',
  heat: 'heat',
  cooling: 'cooling',
};

/** `devices`: ids of those that stand there; branches of meters that do not are left out with all that hangs on them. */
export function energyPart(devices: ReadonlySet<string>): object {
  const there = METERS.filter(({ id }) => devices.has(id));
  const known = new Set(there.map(({ id }) => id));
  const circuits = there.map(({ id, title, code, parent, kind, generates }) => ({
    id,
    title,
    meter: id,
    // The main is what comes in, whatever it is used for, and what the sun gives is no use.
    ...(id === 'e-main' || generates === true ? {} : { code }),
    ...(parent === undefined || !known.has(parent) ? {} : { fed_by: parent }),
    ...(kind === 'cooling' && known.has(id.replace('c-', 'h-')) ? { heated_by: id.replace('c-', 'h-') } : {}),
    ...(there.some((one) => one.parent === id)
      ? { tolerance: '3%', loss: `${100 * (LOSSES[id] ?? 0)}%` }
      : {}),
  }));
  const mine = (whose: BuildingMeter['tenant']) =>
    there.filter((one) => one.tenant === whose).map(({ id, kind }) => ({ meter: id, tariff: TARIFF[kind] }));
  const mains = there
    .filter(({ parent }) => parent === undefined)
    .map(({ id, kind }) => ({ meter: id, tariff: TARIFF[kind] }));
  const accounts = [
    { id: 'building', title: { en: 'Building', zh: '全楼' }, kind: 'supply', lines: mains },
    { id: 'shop', title: { en: 'Shop', zh: '商铺' }, kind: 'tenant', area: 620, lines: mine('shop') },
    {
      id: 'dwelling',
      title: { en: 'Dwelling', zh: '住户' },
      kind: 'dwelling',
      area: 92,
      lines: mine('dwelling'),
    },
  ].filter(({ lines }) => lines.length > 0);
  return {
    title: { en: 'Office, shop and dwelling', zh: '办公商住楼' },
    area: 12_800,
    meters: there.flatMap(metersOf),
    circuits,
    accounts,
    // Prices and factors of this building are made up.
    tariffs: TARIFFS,
    factors: [
      { carrier: 'electricity', from: SINCE, kgce: 0.1229, kgco2: 0.5366 },
      { carrier: 'heat', from: SINCE, kgce: 34.12, kgco2: 110 },
      { carrier: 'gas', from: SINCE, kgce: 1.33, kgco2: 2.16 },
      { carrier: 'water', from: SINCE, kgce: 0.0857, kgco2: 0.168 },
    ],
    ...(known.has('e-main') ? { demand_limit: { meter: 'e-main-in', kw: 400 } } : {}),
  };
}

function metersOf(plan: BuildingMeter): object[] {
  const { id, title, kind, ct } = plan;
  const own = (name: string, point: string) => ({
    id: name,
    title,
    carrier: kind,
    device: id,
    point,
    ...(ct === undefined ? {} : { ratios: [{ from: SINCE, ct: `${ct * 5}/5` }] }),
  });
  if (!countsBothWays(plan)) return [own(id, registerOf(plan))];
  const [into, out] = [`${id}-in`, `${id}-out`];
  return [
    own(into, registerOf(plan)),
    own(out, 'energy-export'),
    { id, title, carrier: kind, plus: [into], minus: [out] },
  ];
}

const flat = (id: string, price: number) => ({ id, carrier: id, versions: [{ from: SINCE, price }] });

const TARIFFS: readonly object[] = [
  {
    id: 'grid',
    carrier: 'electricity',
    versions: [
      {
        from: SINCE,
        prices: { peak: 1.0345, flat: 0.6523, valley: 0.3012 },
        schedules: [
          {
            days: ['workday'],
            bands: {
              peak: ['08:00-11:30', '18:00-23:00'],
              flat: ['07:00-08:00', '11:30-18:00'],
              valley: ['23:00-07:00'],
            },
          },
          { days: ['weekend', 'holiday'], bands: { flat: ['07:00-23:00'], valley: ['23:00-07:00'] } },
        ],
        surcharge: 0.03,
      },
    ],
  },
  flat('water', 4.2),
  flat('gas', 3.45),
  flat('heat', 63.5),
  flat('cooling', 71),
];

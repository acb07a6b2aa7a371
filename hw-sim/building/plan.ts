/**
 * The building the simulator knows: an office with a shop and a dwelling under one roof, on 40 meters. Every meter has
 * its place in the tree, its line and model, and what its display can show.
 */

export type MeterKind = 'electricity' | 'water' | 'gas' | 'heat' | 'cooling';

export interface BuildingMeter {
  readonly id: string;
  readonly title: { readonly en: string; readonly zh: string };
  readonly kind: MeterKind;
  /** Meter whose circuit this one hangs on; absent: it measures what comes from the street. */
  readonly parent?: string | undefined;
  /** Code of class and item (建筑分项能耗); classes other than electricity have no items. */
  readonly code: string;
  /** Current transformer, primary by secondary. Default 1. */
  readonly ct?: number;
  /** One step of the display, in the unit of the meter and before any ratio. */
  readonly step: number;
  /** The display begins at 0 again here, before any ratio. */
  readonly modulus: number;
  /** Shares of the three phases; absent: one phase, or no electricity. */
  readonly phases?: readonly [number, number, number] | undefined;
  /** cos φ of the load as it is wired. */
  readonly powerFactor?: number;
  /** It tells its own date and time. */
  readonly clock?: boolean;
  /** Generates: what runs is export. */
  readonly generates?: boolean;
  /** Whose bill it is on. */
  readonly tenant?: 'office' | 'shop' | 'dwelling';
  readonly line: string;
  /** Stem of the profile. */
  readonly model: string;
}

export const UNIT_OF: Readonly<Record<MeterKind, 'kW.h' | 'm3'>> = {
  electricity: 'kW.h',
  water: 'm3',
  gas: 'm3',
  heat: 'kW.h',
  cooling: 'kW.h',
};

/** Point of the profile that is the register of a meter; what it counts in the other direction is `energy-export`. */
export function registerOf({ kind }: Pick<BuildingMeter, 'kind'>): string {
  return {
    electricity: 'energy-import',
    water: 'volume',
    gas: 'volume',
    heat: 'energy-heat',
    cooling: 'energy-cold',
  }[kind];
}

/** Whether a meter counts what runs out, too. */
export function countsBothWays({ id, generates }: Pick<BuildingMeter, 'id' | 'generates'>): boolean {
  return generates === true || id === 'e-main';
}

type Given = Omit<BuildingMeter, 'id' | 'kind' | 'title' | 'code'>;
type Rest = Partial<Given>;
type Titles = readonly [en: string, zh: string];

/** A three-phase meter behind transformers, on Modbus unless it is said otherwise. */
function circuit(id: string, code: string, [en, zh]: Titles, ct: number, rest: Rest = {}): BuildingMeter {
  return {
    id,
    title: { en, zh },
    kind: 'electricity',
    code,
    parent: 'e-main',
    ct,
    step: 0.01,
    modulus: 1_000_000,
    phases: [0.34, 0.33, 0.33],
    powerFactor: 0.95,
    line: 'modbus-1',
    model: 'eastron-sdm630',
    ...rest,
  };
}

function flow(
  id: string,
  kind: 'water' | 'gas',
  [en, zh]: Titles,
  parent: string | undefined,
  rest: Rest = {},
): BuildingMeter {
  return {
    id,
    title: { en, zh },
    kind,
    code: kind === 'water' ? '02000' : '03000',
    ...(parent === undefined ? {} : { parent }),
    step: 0.01,
    modulus: 1_000_000,
    clock: true,
    line: 'cjt188',
    model: kind === 'water' ? 'cjt188-water' : 'cjt188-gas',
    ...rest,
  };
}

function thermal(
  id: string,
  kind: 'heat' | 'cooling',
  [en, zh]: Titles,
  parent: string | undefined,
  rest: Rest = {},
): BuildingMeter {
  return {
    id,
    title: { en, zh },
    kind,
    code: kind === 'heat' ? '04000' : '05000',
    ...(parent === undefined ? {} : { parent }),
    step: 1,
    modulus: 10_000_000,
    clock: true,
    line: 'mbus',
    model: 'mbus-heat',
    ...rest,
  };
}

const DLT: Rest = { line: 'dlt645', model: 'dlt645-2007-three-phase', clock: true };

export const METERS: readonly BuildingMeter[] = [
  circuit('e-main', '01000', ['Main', '总进线'], 200, { ...DLT, parent: undefined }),
  circuit('e-floors', '01A00', ['Floors', '楼层干线'], 80, { ...DLT }),
  circuit('e-light-1', '01A10', ['Light and sockets 1', '一层照明插座'], 20, { parent: 'e-floors' }),
  circuit('e-light-2', '01A10', ['Light and sockets 2', '二层照明插座'], 20, { parent: 'e-floors' }),
  circuit('e-light-3', '01A10', ['Light and sockets 3', '三层照明插座'], 20, { parent: 'e-floors' }),
  circuit('e-corridor', '01A20', ['Corridors', '走廊应急'], 10, { parent: 'e-floors' }),
  circuit('e-facade', '01A30', ['Facade', '室外景观'], 10),
  circuit('e-hvac', '01B00', ['Air conditioning', '空调干线'], 160, { ...DLT, powerFactor: 0.9 }),
  circuit('e-chiller', '01B1C', ['Chiller', '冷机'], 80, {
    parent: 'e-hvac',
    powerFactor: 0.9,
    line: 'modbus-2',
  }),
  circuit('e-chw-pump', '01B1A', ['Chilled-water pump', '冷冻泵'], 10, {
    parent: 'e-hvac',
    powerFactor: 0.86,
    line: 'modbus-2',
  }),
  circuit('e-tower', '01B1D', ['Cooling tower', '冷却塔'], 10, {
    parent: 'e-hvac',
    powerFactor: 0.86,
    line: 'modbus-2',
  }),
  circuit('e-ahu-1', '01B2A', ['Air handler 1', '空调机组一'], 10, {
    parent: 'e-hvac',
    powerFactor: 0.88,
    line: 'modbus-2',
  }),
  circuit('e-ahu-2', '01B2A', ['Air handler 2', '空调机组二'], 10, {
    parent: 'e-hvac',
    powerFactor: 0.88,
    line: 'modbus-2',
  }),
  circuit('e-fancoil', '01B2D', ['Fan coils', '风机盘管'], 10, { parent: 'e-hvac', line: 'modbus-2' }),
  circuit('e-lift-1', '01C10', ['Lift 1', '电梯一'], 10, { powerFactor: 0.82, line: 'modbus-2' }),
  circuit('e-lift-2', '01C10', ['Lift 2', '电梯二'], 10, { powerFactor: 0.82, line: 'modbus-2' }),
  circuit('e-pump', '01C20', ['Water pumps', '生活水泵'], 10, { powerFactor: 0.86, line: 'modbus-2' }),
  circuit('e-vent', '01C30', ['Garage ventilation', '车库通风'], 10, { powerFactor: 0.87, line: 'modbus-2' }),
  circuit('e-it', '01D10', ['Server room', '信息中心'], 20, { line: 'modbus-3', model: 'acrel-adw300' }),
  circuit('e-kitchen', '01D30', ['Canteen kitchen', '厨房餐厅'], 20, {
    line: 'modbus-3',
    model: 'acrel-adw300',
  }),
  circuit('e-charger', '01D60', ['Chargers', '充电桩'], 20, { line: 'modbus-3', powerFactor: 0.98 }),
  circuit('e-pv', '13000', ['Photovoltaics', '光伏'], 20, {
    line: 'modbus-3',
    powerFactor: 0.99,
    generates: true,
  }),
  circuit('e-shop', '01000', ['Shop', '商铺'], 20, { ...DLT, tenant: 'shop', powerFactor: 0.92 }),
  circuit('e-dwelling', '01000', ['Dwelling', '住户电表'], 1, {
    line: 'dlt645',
    model: 'dlt645-2007-single-phase',
    clock: true,
    tenant: 'dwelling',
    phases: undefined,
  }),
  flow('w-main', 'water', ['Water main', '自来水总表'], undefined),
  flow('w-office', 'water', ['Water of the office', '办公用水'], 'w-main'),
  flow('w-kitchen', 'water', ['Water of the canteen', '餐厅用水'], 'w-main'),
  flow('w-shop', 'water', ['Water of the shop', '商铺用水'], 'w-main', { tenant: 'shop' }),
  flow('w-dwelling', 'water', ['Water of the dwelling', '住户水表'], 'w-main', { tenant: 'dwelling' }),
  flow('w-tower', 'water', ['Make-up of the tower', '冷却塔补水'], 'w-main'),
  flow('g-main', 'gas', ['Gas main', '燃气总表'], undefined),
  flow('g-kitchen', 'gas', ['Gas of the canteen', '厨房燃气'], 'g-main'),
  flow('g-boiler', 'gas', ['Hot-water boiler', '热水锅炉'], 'g-main'),
  flow('g-dwelling', 'gas', ['Gas of the dwelling', '住户燃气表'], 'g-main', { tenant: 'dwelling' }),
  thermal('h-main', 'heat', ['District heat', '供热总表'], undefined),
  thermal('h-office', 'heat', ['Heat of the office', '办公供热'], 'h-main'),
  thermal('h-shop', 'heat', ['Heat of the shop', '商铺供热'], 'h-main', { tenant: 'shop' }),
  thermal('h-dwelling', 'heat', ['Heat of the dwelling', '住户热表'], 'h-main', { tenant: 'dwelling' }),
  thermal('c-office', 'cooling', ['Cooling of the office', '办公供冷'], undefined),
  thermal('c-shop', 'cooling', ['Cooling of the shop', '商铺供冷'], undefined, { tenant: 'shop' }),
];

const BY_ID: ReadonlyMap<string, BuildingMeter> = new Map(METERS.map((meter) => [meter.id, meter]));

/** Throws for an id no meter has: a table is wrong. */
export function meterOf(id: string): BuildingMeter {
  const meter = BY_ID.get(id);
  if (meter === undefined) throw new Error(`simulated building: there is no meter "${id}"`);
  return meter;
}

export function childrenOf(id: string): readonly BuildingMeter[] {
  return METERS.filter(({ parent }) => parent === id);
}

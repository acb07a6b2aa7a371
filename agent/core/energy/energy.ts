/**
 * The energy account of a building: what the site file says of meters, circuits, accounts, tariffs and factors, and what
 * is made of it. Quantities are in the unit of their carrier; times are true time, Unix epoch ms; days are local days of
 * the site, written `2027-03-15`; money and prices are decimal text, so that nothing is lost in floating point.
 */

import type { BreakKind, CounterBreak } from '../mark.ts';
import type { Text } from '../point.ts';
import type { Unit } from '../unit.ts';
import type { CodeTree } from './codes.ts';

/** What is metered. Classes of the sub-metering guideline: 01 电, 02 水, 03 燃气, 04 集中供热量, 05 集中供冷量. */
export const CARRIERS = ['electricity', 'water', 'gas', 'heat', 'cooling'] as const;
export type Carrier = (typeof CARRIERS)[number];

/** Unit in which quantities of a carrier are told, billed and given factors. */
export const CARRIER_UNITS: Readonly<Record<Carrier, Unit>> = {
  electricity: 'kW.h',
  water: 'm3',
  gas: 'm3',
  heat: 'GJ',
  cooling: 'GJ',
};

/** Class code of the guideline (its first two characters) of a carrier. */
export const CARRIER_CLASSES: Readonly<Record<Carrier, string>> = {
  electricity: '01',
  water: '02',
  gas: '03',
  heat: '04',
  cooling: '05',
};

/** Transformer ratios from a moment on, for a register that is read as its display shows it. */
export interface DatedRatio {
  /** Unix epoch ms. */
  readonly from: number;
  /** Primary by secondary, 400/5 is 80. */
  readonly ct: number;
  readonly pt: number;
  /** What the register showed at the change, where somebody read it; absent: as far as it had run by then. */
  readonly register?: number;
}

interface MeterFacts {
  readonly id: string;
  readonly title: Text;
  readonly carrier: Carrier;
}

/** A register of a device. */
export interface RegisterMeter extends MeterFacts {
  readonly kind: 'register';
  readonly device: string;
  readonly point: string;
  /** Of the point; converts to the unit of the carrier. */
  readonly unit: Unit;
  /** Period of its readings, ms. */
  readonly every: number;
  /** Ascending; empty: 1. */
  readonly ratios: readonly DatedRatio[];
  /** Point of active power of the same device: makes the demand forecast quicker. */
  readonly power?: string;
  /** Registers of reactive energy of the same device; their absolute sums count for the power factor. */
  readonly reactive: readonly string[];
  /** Rated power of the branch, kW: more than twice of it is no consumption (the guideline's test of validity). */
  readonly rated?: number;
}

/** Σ plus − Σ minus of other meters of the same carrier. */
export interface VirtualMeter extends MeterFacts {
  readonly kind: 'virtual';
  readonly plus: readonly string[];
  readonly minus: readonly string[];
}

export type EnergyMeter = RegisterMeter | VirtualMeter;

/** A branch of the building's network, seen by one meter. */
export interface Circuit {
  readonly id: string;
  readonly title: Text;
  readonly meter: string;
  /** Energy code of the guideline, five characters; absent: a distribution branch, whose circuits have items of their own. */
  readonly code?: string;
  /** The circuit it branches off. */
  readonly fedBy?: string;
  /** Of a circuit of cooling: the one that heats the same rooms. */
  readonly heatedBy?: string;
  /** Of a circuit that feeds others: share of its quantity by which it may differ from the sum of them and the loss, 0…1. */
  readonly tolerance: number;
  /** Share that is lost between it and them, 0…1. */
  readonly loss: number;
}

export const ACCOUNT_KINDS = ['supply', 'tenant', 'dwelling'] as const;

/** Who pays for what: the building to its suppliers, a tenant to the building, a dwelling with its four meters (四表合一). */
export interface PayingAccount {
  readonly id: string;
  readonly title: Text;
  readonly kind: (typeof ACCOUNT_KINDS)[number];
  /** m² */
  readonly area?: number;
  readonly lines: readonly AccountLine[];
}

export interface AccountLine {
  readonly meter: string;
  readonly tariff: string;
  /** Share of the meter that this account pays, 0…1. */
  readonly share: number;
}

/** 尖, 峰, 平, 谷, 深谷. */
export const RATES = ['sharp', 'peak', 'flat', 'valley', 'deep-valley'] as const;
export type Rate = (typeof RATES)[number];
/** A day that the site file names as a holiday is nothing else; one it names as a working day is no weekend. */
export const DAY_TYPES = ['workday', 'weekend', 'holiday'] as const;
export type DayType = (typeof DAY_TYPES)[number];

/** Minutes after local midnight, 0…1440, whole quarters of an hour. */
export interface Band {
  readonly from: number;
  readonly to: number;
  readonly rate: Rate;
}

/** Which rate when, on days of these types between these days of the year. */
export interface Schedule {
  /** `07-01` to `08-31`, both included; may pass the end of the year. Empty: the whole year. */
  readonly dates: readonly { readonly from: string; readonly to: string }[];
  readonly days: readonly DayType[];
  /** Ascending, from 0 to 1440 without gap or overlap. */
  readonly bands: readonly Band[];
}

/** 基本电费 by maximum demand. */
export interface DemandTerms {
  /** Yuan per kW and month. */
  readonly price: string;
  /** `sliding`: the window moves by a minute (滑差); `block`: windows lie end to end. */
  readonly method: 'sliding' | 'block';
  /** ms; 15 min as a rule. */
  readonly window: number;
  /** Contracted maximum demand, kW: less than 105 % of it is paid as contracted, what is above 105 % is paid twice. */
  readonly contract?: number;
}

export const POWER_FACTOR_STANDARDS = ['0.90', '0.85', '0.80'] as const;
export type PowerFactorStandard = (typeof POWER_FACTOR_STANDARDS)[number];

/** Prices of a carrier from a day on. */
export interface TariffVersion {
  readonly from: string;
  /** Last day, included; absent: until the next version. */
  readonly to?: string;
  /** Yuan per unit of the carrier by rate; `flat` alone where there are no times of use. */
  readonly prices: Readonly<Partial<Record<Rate, string>>>;
  readonly schedules: readonly Schedule[];
  /** Yuan per unit that no power factor adjusts: 政府性基金及附加. */
  readonly surcharge?: string;
  /** Yuan per month. */
  readonly fixed?: string;
  readonly demand?: DemandTerms;
  /** 基本电费 by capacity: yuan per kVA and month. */
  readonly capacity?: { readonly kva: number; readonly price: string };
  /** 力调电费 (水电财字〔1983〕215号): the standard the customer is held to. */
  readonly powerFactor?: PowerFactorStandard;
}

export interface Tariff {
  readonly id: string;
  readonly title: Text;
  readonly carrier: Carrier;
  /** Ascending by day, apart from each other, without gaps between them. */
  readonly versions: readonly TariffVersion[];
}

/** What a unit of a carrier stands for from a day on. */
export interface EnergyFactor {
  readonly carrier: Carrier;
  readonly from: string;
  /** kg of coal equivalent and kg of CO₂ per unit of the carrier. */
  readonly kgce?: string;
  readonly kgco2?: string;
  /** Where the figures are from. */
  readonly source?: string;
}

/** Outdoor temperature by which consumption is made comparable. */
export interface DegreeDayTerms {
  readonly device: string;
  readonly point: string;
  /** °C: days below it are heating days, days above the other one cooling days. */
  readonly heating: number;
  readonly cooling: number;
}

export interface EnergyConfig {
  /** The device as which the account appears. */
  readonly id: string;
  readonly title: Text;
  /** Code of the building, ten characters. */
  readonly building?: string;
  /** m² */
  readonly area?: number;
  readonly codes: CodeTree;
  /** Names of codes beside the tree. */
  readonly moreCodes: Readonly<Record<string, string>>;
  readonly meters: readonly EnergyMeter[];
  readonly circuits: readonly Circuit[];
  readonly accounts: readonly PayingAccount[];
  readonly tariffs: readonly Tariff[];
  readonly factors: readonly EnergyFactor[];
  /** Days, each `2027-10-01`. */
  readonly holidays: readonly string[];
  /** Weekend days that are worked (调休). */
  readonly workdays: readonly string[];
  readonly degreeDays?: DegreeDayTerms;
  /** Share of readings and of consumption that has to be there, 0…1: the line that is drawn. */
  readonly line: number;
  /** Limit of the demand forecast, kW, of a meter. */
  readonly demandLimit?: { readonly meter: string; readonly kw: number };
}

/**
 * What a quantity is worth, best first. `measured`: registers at both ends. `repaired`: over an exchange, a reset, a wrong
 * value, or from the meter's own freeze register. `estimated`: an end lies in a silence and was interpolated between the
 * registers around it, or a jump nobody has explained lies in it. `missing`: an end lies where no register is known yet.
 */
export const ACCOUNT_QUALITIES = ['measured', 'repaired', 'estimated', 'missing'] as const;
export type AccountQuality = (typeof ACCOUNT_QUALITIES)[number];

/** Readings of a stretch of time. */
export interface ReadingCounts {
  /** That the plan of the point asks for. */
  readonly due: number;
  /** That came with a value. */
  readonly received: number;
  /** Of these, such that nothing speaks against. */
  readonly valid: number;
  /** Due and not valid, in a stretch whose consumption is known from the registers around it. */
  readonly repaired: number;
}

/** Consumption of a meter, circuit, item or building in `from` ≤ t < `to`. */
export interface AccountInterval {
  readonly from: number;
  readonly to: number;
  /** In the unit of the carrier; null if and only if the quality is `missing`. */
  readonly quantity: number | null;
  /** As far as registers tell; what has run so far where the quantity is missing. */
  readonly atLeast: number;
  readonly quality: AccountQuality;
  /** valid ÷ due, 0…1; null where nothing was due. */
  readonly completeness: number | null;
}

// What the store gives: registers as they were read, of one point each.

/** A break of a register at its true time. */
export interface RegisterBreak extends Pick<CounterBreak, 'closing' | 'opening' | 'state' | 'id'> {
  readonly time: number;
  readonly kind: BreakKind;
}

/** First and last reading of each bucket (15 min) of a register, with the last one before the span and the first one behind it. */
export interface RegisterSeries {
  readonly device: string;
  readonly point: string;
  readonly unit: Unit;
  /** Period of its readings as the log knows it, ms. */
  readonly every?: number;
  /** The first reading that the log has of it; absent: there is none. */
  readonly since?: number;
  /** Ascending; values as long. */
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** Ascending; those between the first and the last of the readings. */
  readonly breaks: readonly RegisterBreak[];
  /** Per bucket of the span that holds something, ascending. */
  readonly buckets: readonly RegisterBucket[];
}

export interface RegisterBucket {
  readonly start: number;
  /** Values of quality good or uncertain; readings without a value; values during maintenance. */
  readonly count: number;
  readonly bad: number;
  readonly marked: number;
  readonly revision: number;
}

export interface RegisterName {
  readonly device: string;
  readonly point: string;
}

/** Read side, off the main thread: registers of `names` in their order, in `from` ≤ t < `to`. */
export interface RegisterSource {
  registers(
    names: readonly RegisterName[],
    from: number,
    to: number,
    signal: AbortSignal,
  ): Promise<readonly RegisterSeries[]>;
}

/** Length of a cell of the account, ms. */
export const QUARTER = 900_000;

/**
 * What a meter had counted at each quarter of an hour: the account's working form. All sums and differences over time,
 * tree and tariff are differences of `totals`, so that parts add up to the registers exactly.
 */
export interface MeterGrid {
  readonly meter: string;
  readonly carrier: Carrier;
  /** Start of the first cell; cells are `QUARTER` long. */
  readonly from: number;
  /** Millionths of the carrier's unit counted since the first reading known, at the n + 1 ends of n cells; NaN: not known. */
  readonly totals: Float64Array;
  /** How well each end is known: index in ACCOUNT_QUALITIES (0, 2 or 3). */
  readonly ends: Uint8Array;
  /** What lies within each of the n cells: index in ACCOUNT_QUALITIES (0, 1 or 2). */
  readonly within: Uint8Array;
  /** Number of the last end that no later reading will change; −1 where there is none. */
  readonly settled: number;
  /** Counted by the last reading known before or at each end, millionths: lower bound where `totals` is NaN. */
  readonly known: Float64Array;
  /** By cell; fractions where readings are further apart than a cell. */
  readonly due: Float64Array;
  readonly received: Float64Array;
  readonly valid: Float64Array;
  /** due − valid in cells between two readings, whose consumption is known therefore; 0 in others. */
  readonly filled: Float64Array;
}

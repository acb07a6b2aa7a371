/** What the energy account tells: of a stretch of time, of a bill, of how complete it is. Shapes for console, CLI and uplinks. */

import type { Text } from '../point.ts';
import type { Unit } from '../unit.ts';
import type { AccountInterval, AccountQuality, Carrier, Rate, ReadingCounts } from './energy.ts';

/** A meter, circuit, item or carrier in a stretch of time. */
export interface NodeAccount extends AccountInterval {
  readonly id: string;
  readonly title: Text;
  readonly carrier: Carrier;
  readonly unit: Unit;
  readonly counts: ReadingCounts;
}

export interface CircuitAccount extends NodeAccount {
  readonly meter: string;
  readonly code?: string;
  readonly fedBy?: string;
}

/** What a circuit takes against what those take that it feeds. */
export interface BranchBalance {
  readonly circuit: string;
  readonly title: Text;
  /** In the unit of the carrier; null where one is not known. */
  readonly main: number | null;
  readonly subs: number | null;
  /** Expected loss. */
  readonly loss: number | null;
  /** main − subs − loss, and that as a share of main. */
  readonly difference: number | null;
  readonly share: number | null;
  /** What is allowed, 0…1. */
  readonly tolerance: number;
  readonly state: 'balanced' | 'differs' | 'unknown';
}

/** How much of a carrier is metered by item. */
export interface Coverage {
  readonly carrier: Carrier;
  readonly total: number | null;
  readonly byItem: number | null;
  /** byItem ÷ total, 0…1; null where one is not known or nothing ran. */
  readonly share: number | null;
}

export interface BuildingAccount {
  readonly from: number;
  readonly to: number;
  readonly meters: readonly NodeAccount[];
  readonly circuits: readonly CircuitAccount[];
  /** By energy code, also the codes above those that circuits have. */
  readonly items: readonly NodeAccount[];
  /** All of a carrier: Σ of the circuits that none feeds. */
  readonly carriers: readonly NodeAccount[];
  readonly branches: readonly BranchBalance[];
  readonly coverage: readonly Coverage[];
}

/** Readings of a node, and their share. */
export interface CompletenessRow extends ReadingCounts {
  readonly id: string;
  readonly title: Text;
  readonly kind: 'meter' | 'item' | 'building';
  /** valid ÷ due, 0…1; null where nothing was due. */
  readonly share: number | null;
  /** With what the registers made up for: (valid + repaired) ÷ due. */
  readonly shareRepaired: number | null;
}

export interface CompletenessDay {
  /** `2027-03-15` */
  readonly date: string;
  readonly rows: readonly CompletenessRow[];
}

/** The figure of merit: readings that are there of those that are due. */
export interface Completeness {
  readonly from: number;
  readonly to: number;
  /** The line that is drawn, 0…1. */
  readonly line: number;
  readonly rows: readonly CompletenessRow[];
  readonly days: readonly CompletenessDay[];
  readonly coverage: readonly Coverage[];
}

/** A register as a statement shows it. */
export interface StatementRegister {
  readonly meter: string;
  readonly title: Text;
  readonly device: string;
  readonly point: string;
  readonly unit: Unit;
  /** Readings nearest to the two ends, as the register showed them, and when; null where there is none. */
  readonly opening: { readonly value: number; readonly time: number } | null;
  readonly closing: { readonly value: number; readonly time: number } | null;
  /** What lies between them: exchanges, roll-overs, resets, wrong values. */
  readonly breaks: readonly {
    readonly time: number;
    readonly kind: string;
    readonly closing: number;
    readonly opening: number;
  }[];
  readonly ratios: readonly { readonly from: number; readonly ratio: number }[];
}

/** One line of a bill. Money in yuan as text with two decimals. */
export interface BillLine {
  readonly what: 'energy' | 'surcharge' | 'demand' | 'demand-excess' | 'capacity' | 'fixed' | 'power-factor';
  readonly meter: string;
  readonly tariff: string;
  /** Days of the version that it is charged by, the last one included. */
  readonly from: string;
  readonly to: string;
  readonly rate?: Rate;
  readonly quantity: string;
  readonly unit: string;
  readonly price: string;
  readonly amount: string;
  readonly quality: AccountQuality;
}

export interface DemandFigure {
  readonly meter: string;
  /** kW; null where no window of the period is known. */
  readonly kw: number | null;
  /** End of the window. */
  readonly at: number | null;
  readonly method: 'sliding' | 'block';
  readonly window: number;
  /** Windows that could not be measured. */
  readonly unknown: number;
}

export interface PowerFactorFigure {
  readonly meter: string;
  readonly active: number;
  readonly reactive: number;
  /** Two decimals; null where one is not known. */
  readonly factor: number | null;
  readonly standard: string;
  /** % of energy, demand and capacity charges; negative: less is paid. */
  readonly adjustment: string | null;
}

/** Sums of one carrier on a bill. */
export interface BillCarrier {
  readonly carrier: Carrier;
  readonly unit: Unit;
  readonly quantity: string;
  readonly amount: string;
  /** Null where no factor holds on one of the days. */
  readonly kgce: string | null;
  readonly kgco2: string | null;
}

export interface Bill {
  readonly account: string;
  readonly title: Text;
  readonly kind: 'supply' | 'tenant' | 'dwelling';
  /** `2027-03`; the month that holds its last day. */
  readonly month: string;
  readonly from: number;
  readonly to: number;
  /** False where the period has not ended or something is missing: the amounts are what is known so far. */
  readonly final: boolean;
  readonly quality: AccountQuality;
  readonly lines: readonly BillLine[];
  readonly total: string;
  readonly carriers: readonly BillCarrier[];
  readonly statement: readonly StatementRegister[];
  readonly demand: readonly DemandFigure[];
  readonly powerFactor: readonly PowerFactorFigure[];
  /** Per m² of the account, or of the building for the supply; null without an area. */
  readonly perArea: { readonly kwh: string; readonly kgce: string | null; readonly amount: string } | null;
  /** Heating and cooling degree days of the period, and heat and cold by them; null where temperatures lack. */
  readonly degreeDays: {
    readonly heating: number;
    readonly cooling: number;
    readonly days: number;
    readonly heatPer: string | null;
    readonly coolingPer: string | null;
  } | null;
}

/** Where demand stands now. */
export interface DemandState {
  readonly meter: string;
  readonly method: 'sliding' | 'block';
  readonly window: number;
  /** kW: mean of the window so far (block) or of the last window (sliding). */
  readonly now: number | null;
  /** Present load, kW. */
  readonly load: number | null;
  /** What the running window will come to if the load stays, kW. */
  readonly forecast: number | null;
  readonly limit: number | null;
  /** ms until the limit is passed if the load stays; null where it is not. */
  readonly passedIn: number | null;
  /** Highest of the settlement period so far. */
  readonly highest: { readonly kw: number; readonly at: number } | null;
  /** Mean absolute error of forecasts made in the middle of a window, % of what came, and of how many. */
  readonly error: { readonly percent: number; readonly windows: number } | null;
}

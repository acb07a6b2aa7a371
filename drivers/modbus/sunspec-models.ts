/**
 * Where the points of the SunSpec models lie, as the model repository has them: offsets count registers from the model's
 * id. SunSpec Alliance information models 101-103, 111-113 (inverters), 124 (storage), 201-204, 211-214 (meters) and
 * 802 (battery).
 */
import type { WireType } from './schema.ts';

export interface SunSpecPoint {
  /** Registers from the model's id. */
  readonly offset: number;
  readonly type: WireType;
  /** Offset of its scale factor. */
  readonly scale?: number;
  /** Contents that mean "not implemented". */
  readonly notAvailable: string;
}

type Points = Readonly<Record<string, SunSpecPoint>>;

const int16 = (offset: number, scale: number): SunSpecPoint => ({
  offset,
  type: 'int16',
  scale,
  notAvailable: '8000',
});
const uint16 = (offset: number, scale: number): SunSpecPoint => ({
  offset,
  type: 'uint16',
  scale,
  notAvailable: 'FFFF',
});
/** A count or a state: no scale factor. */
const plain16 = (offset: number): SunSpecPoint => ({ offset, type: 'uint16', notAvailable: 'FFFF' });
const plain32 = (offset: number): SunSpecPoint => ({ offset, type: 'uint32', notAvailable: 'FFFFFFFF' });
const acc32 = (offset: number, scale: number): SunSpecPoint => ({
  offset,
  type: 'uint32',
  scale,
  notAvailable: '00000000',
});
const float = (offset: number): SunSpecPoint => ({ offset, type: 'float32', notAvailable: '7FC00000' });

/** Models 201-204: meters, integers with scale factors. */
const METER: Points = {
  A: int16(2, 6),
  AphA: int16(3, 6),
  AphB: int16(4, 6),
  AphC: int16(5, 6),
  PhV: int16(7, 15),
  PhVphA: int16(8, 15),
  PhVphB: int16(9, 15),
  PhVphC: int16(10, 15),
  PPV: int16(11, 15),
  Hz: int16(16, 17),
  W: int16(18, 22),
  WphA: int16(19, 22),
  WphB: int16(20, 22),
  WphC: int16(21, 22),
  VA: int16(23, 27),
  VAR: int16(28, 32),
  PF: int16(33, 37),
  TotWhExp: acc32(38, 54),
  TotWhImp: acc32(46, 54),
};

/** Models 211-214: meters, floats. */
const METER_FLOAT: Points = {
  A: float(2),
  AphA: float(4),
  AphB: float(6),
  AphC: float(8),
  PhV: float(10),
  PhVphA: float(12),
  PhVphB: float(14),
  PhVphC: float(16),
  PPV: float(18),
  Hz: float(26),
  W: float(28),
  WphA: float(30),
  WphB: float(32),
  WphC: float(34),
  VA: float(36),
  VAR: float(44),
  PF: float(52),
  TotWhExp: float(60),
  TotWhImp: float(68),
};

/** Models 101-103: inverters, integers with scale factors. */
const INVERTER: Points = {
  A: uint16(2, 6),
  AphA: uint16(3, 6),
  AphB: uint16(4, 6),
  AphC: uint16(5, 6),
  PhVphA: uint16(10, 13),
  PhVphB: uint16(11, 13),
  PhVphC: uint16(12, 13),
  W: int16(14, 15),
  Hz: uint16(16, 17),
  VA: int16(18, 19),
  VAr: int16(20, 21),
  PF: int16(22, 23),
  WH: acc32(24, 26),
  DCA: uint16(27, 28),
  DCV: uint16(29, 30),
  DCW: int16(31, 32),
  TmpCab: int16(33, 37),
  St: plain16(38),
};

/** Models 111-113: inverters, floats. */
const INVERTER_FLOAT: Points = {
  A: float(2),
  AphA: float(4),
  AphB: float(6),
  AphC: float(8),
  PhVphA: float(16),
  PhVphB: float(18),
  PhVphC: float(20),
  W: float(22),
  Hz: float(24),
  VA: float(26),
  VAr: float(28),
  PF: float(30),
  WH: float(32),
  DCA: float(34),
  DCV: float(36),
  DCW: float(38),
  TmpCab: float(40),
  St: plain16(48),
};

/** Model 124: storage behind an inverter. */
const STORAGE: Points = {
  WChaMax: uint16(2, 18),
  MinRsvPct: uint16(7, 21),
  ChaState: uint16(8, 22),
  StorAval: uint16(9, 23),
  InBatV: uint16(10, 24),
  ChaSt: plain16(11),
};

/** Model 802: a battery. */
const BATTERY: Points = {
  AHRtg: uint16(2, 52),
  WHRtg: uint16(3, 53),
  SoC: uint16(11, 56),
  DoD: uint16(12, 57),
  SoH: uint16(13, 58),
  NCyc: plain32(14),
  ChaSt: plain16(16),
  State: plain16(22),
  V: uint16(34, 59),
  CellVMax: uint16(37, 60),
  CellVMin: uint16(40, 60),
  CellVAvg: uint16(43, 60),
  A: int16(44, 61),
  W: int16(47, 63),
};

const FAMILIES: readonly (readonly [models: readonly number[], points: Points])[] = [
  [[101, 102, 103], INVERTER],
  [[111, 112, 113], INVERTER_FLOAT],
  [[124], STORAGE],
  [[201, 202, 203, 204], METER],
  [[211, 212, 213, 214], METER_FLOAT],
  [[802], BATTERY],
];

function pointsOf(model: number): Points {
  return FAMILIES.find(([models]) => models.includes(model))?.[1] ?? {};
}

/** Models whose points are known. */
export const SUNSPEC_MODELS: readonly number[] = FAMILIES.flatMap(([models]) => models);

/** Names a profile of these models may use in `sunspec:`. */
export function sunspecNames(models: readonly number[]): readonly string[] {
  return [...new Set(models.flatMap((model) => Object.keys(pointsOf(model))))];
}

/** Where a named point lies in `model`; undefined for a model or point that is not known. */
export function sunspecPoint(model: number, name: string): SunSpecPoint | undefined {
  return pointsOf(model)[name];
}

/**
 * SunSpec: the device says which models it has and where. The chain starts with "SunS" at one of three addresses; each
 * model is its id, its length L and L registers, the next one follows; id FFFF ends it.
 * SunSpec Device Information Model Specification §5; models 201-204 and 211-214 of the SunSpec model repository.
 */
import { AgentError } from '../../agent/core/errors.ts';
import type { WireType } from './schema.ts';

const BASES = [40000, 50000, 0] as const;
const MARKER = [0x5375, 0x6e53];
const END = 0xffff;
/** A chain longer than this is a loop. */
const MAX_MODELS = 64;

interface SunSpecPoint {
  /** Registers from the model's id. */
  readonly offset: number;
  readonly type: WireType;
  /** Offset of its scale factor. */
  readonly scale?: number;
  /** Contents that mean "not implemented". */
  readonly notAvailable: string;
}

const int16 = (offset: number, scale: number): SunSpecPoint => ({
  offset,
  type: 'int16',
  scale,
  notAvailable: '8000',
});
const acc32 = (offset: number): SunSpecPoint => ({
  offset,
  type: 'uint32',
  scale: 54,
  notAvailable: '00000000',
});
const float = (offset: number): SunSpecPoint => ({ offset, type: 'float32', notAvailable: '7FC00000' });

/** Models 201-204: integers with scale factors. */
const INTEGER: Readonly<Record<string, SunSpecPoint>> = {
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
  TotWhExp: acc32(38),
  TotWhImp: acc32(46),
};

/** Models 211-214: floats. */
const FLOAT: Readonly<Record<string, SunSpecPoint>> = {
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

/** Names a profile may use in `sunspec:`. */
export const SUNSPEC_POINTS: readonly string[] = Object.keys(INTEGER);

/** Where a named point lies in `model`; undefined for a model or point that is not known. */
export function sunspecPoint(model: number, name: string): SunSpecPoint | undefined {
  if (model >= 201 && model <= 204) return INTEGER[name];
  return model >= 211 && model <= 214 ? FLOAT[name] : undefined;
}

export interface FoundModel {
  readonly model: number;
  /** Address of the model's id. */
  readonly address: number;
}

/** Reads registers; rejects as the session's reads do. */
export type ReadRegisters = (address: number, count: number) => Promise<readonly number[]>;

/**
 * Walks the chain until one of `wanted` is met. Rejects with `unsupported` where there is no SunSpec map or no such
 * model, and with what `read` rejects with; `refused` tells an exception that means "nothing here" from a dead line.
 */
export async function findModel(
  wanted: readonly number[],
  read: ReadRegisters,
  refused: (error: unknown) => boolean,
): Promise<FoundModel> {
  const base = await findBase(read, refused);
  const seen: number[] = [];
  let address = base + MARKER.length;
  while (seen.length < MAX_MODELS) {
    const [model = END, length = 0] = await read(address, 2);
    if (model === END) break;
    if (wanted.includes(model)) return { model, address };
    seen.push(model);
    address += 2 + length;
  }
  throw new AgentError(
    'unsupported',
    `search for SunSpec models ${wanted.join(', ')} failed: the device has ${seen.join(', ') || 'none'}`,
    { fix: 'choose the profile of this device model', context: { base, models: seen } },
  );
}

async function findBase(read: ReadRegisters, refused: (error: unknown) => boolean): Promise<number> {
  for (const base of BASES) {
    try {
      const words = await read(base, MARKER.length);
      if (words.every((word, i) => word === MARKER[i])) return base;
    } catch (error) {
      if (!refused(error)) throw error;
    }
  }
  throw new AgentError('unsupported', `search for SunSpec failed: no "SunS" at ${BASES.join(', ')}`, {
    fix: 'choose the profile of this device model',
  });
}

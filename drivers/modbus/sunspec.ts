/**
 * SunSpec: the device says which models it has and where. The chain starts with "SunS" at one of three addresses; each
 * model is its id, its length L and L registers, the next one follows; id FFFF ends it.
 * SunSpec Device Information Model Specification §5. What stands in a model: sunspec-models.ts.
 */
import { AgentError } from '../../agent/core/errors.ts';

const BASES = [40000, 50000, 0] as const;
const MARKER = [0x5375, 0x6e53];
const END = 0xffff;
/** A chain longer than this is a loop. */
const MAX_MODELS = 64;

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

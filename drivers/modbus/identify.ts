/** Tells what device answers at a unit id: by 43/14, and by the registers in which profiles know their model. Only reads. */
import { AgentError } from '../../agent/core/errors.ts';
import type { Exchange } from '../../agent/core/link.ts';
import type { Profile } from '../../agent/core/profile.ts';
import { type Framing, framed } from './framing.ts';
import {
  BASIC,
  type Identification,
  identificationPage,
  identificationRequest,
  OBJECT_NAMES,
  REGULAR,
  textOf,
} from './identification.ts';
import { type IdentifyRegister, type IdentifyRule, optionsSchema } from './schema.ts';
import { numberOf } from './value.ts';

export interface IdentifyOptions {
  readonly unit: number;
  /** Default rtu. */
  readonly framing?: Framing;
  /** Profiles to choose from; those of other protocols are passed over. */
  readonly profiles: readonly Profile[];
  /** Longest wait for each answer, ms; absent: the line's. */
  readonly timeout?: number;
}

/** What made a profile fit, the surer first: a register of its own, 43/14 as it knows it, or brand and model by name. */
export type IdentifiedBy = 'register' | 'identification' | 'name';

export interface Identity {
  /** What the device said of itself; undefined where it does not know 43/14. */
  readonly identification: Identification | undefined;
  /** Profiles that fit, the surest first. */
  readonly profiles: readonly { readonly profile: Profile; readonly by: IdentifiedBy }[];
}

/** An answer of more pages than this goes round in circles. */
const MAX_PAGES = 8;
const SURENESS: readonly IdentifiedBy[] = ['register', 'identification', 'name'];

/**
 * Asks the device who it is. A question it does not answer or refuses counts as not known, so it may take a time-out for
 * each. Rejects with `link-lost` and when aborted.
 */
export async function identify(
  exchange: Exchange,
  options: IdentifyOptions,
  signal: AbortSignal,
): Promise<Identity> {
  const ask = asker(exchange, options, signal);
  const identification = await readIdentification(ask, options.unit);
  const held = new Map<string, number | string | undefined>();
  const read = async (register: IdentifyRegister) => {
    const key = JSON.stringify([register.function, register.address, register.type, register.words]);
    if (!held.has(key)) held.set(key, await readRegister(ask, options.unit, register));
    return held.get(key);
  };
  const found: { profile: Profile; by: IdentifiedBy }[] = [];
  for (const profile of options.profiles) {
    if (profile.protocol !== 'modbus') continue;
    const rule = optionsSchema.safeParse(profile.options ?? {}).data?.identify;
    const by = await fitOf(profile, rule, identification, read);
    if (by !== undefined) found.push({ profile, by });
  }
  found.sort((a, b) => SURENESS.indexOf(a.by) - SURENESS.indexOf(b.by));
  return { identification, profiles: found };
}

/** `unit + PDU` of the answer; an exception is one too. Undefined where there is no valid answer. */
type Ask = (body: Uint8Array) => Promise<Uint8Array | undefined>;

function asker(exchange: Exchange, { framing = 'rtu', timeout }: IdentifyOptions, signal: AbortSignal): Ask {
  let transaction = 0;
  return async (body) => {
    signal.throwIfAborted();
    const frame = framed(framing, body, () => ++transaction);
    const gap = frame.gap === undefined ? {} : { gap: frame.gap };
    const limit = timeout === undefined ? {} : { timeout };
    try {
      const answer = await exchange({ bytes: frame.bytes, match: frame.match, ...limit, ...gap }, signal);
      return frame.body(answer.bytes);
    } catch (error) {
      if (signal.aborted || !(error instanceof AgentError)) throw error;
      if (error.code === 'link-lost' || error.code === 'aborted') throw error;
      return undefined;
    }
  };
}

const refusedBody = (body: Uint8Array) => (body[1] ?? 0) > 0x80;

/** All objects of level regular; of level basic from a device that refuses the other. */
async function readIdentification(ask: Ask, unit: number): Promise<Identification | undefined> {
  for (const level of [REGULAR, BASIC]) {
    const objects = new Map<number, string>();
    let first: number | undefined = 0;
    for (let page = 0; page < MAX_PAGES && first !== undefined; page++) {
      const body = await ask(identificationRequest(unit, level, first));
      // Silence and "illegal function" are the same to the next question.
      if (body === undefined || (refusedBody(body) && body[2] === 1)) return named(objects);
      const read: ReturnType<typeof identificationPage> = identificationPage(body);
      for (const [id, text] of read?.objects ?? []) objects.set(id, text);
      first = read?.next !== undefined && read.next > first ? read.next : undefined;
    }
    if (objects.size > 0) return named(objects);
  }
  return undefined;
}

function named(objects: ReadonlyMap<number, string>): Identification | undefined {
  if (objects.size === 0) return undefined;
  const texts = OBJECT_NAMES.map((name, id) => [name, objects.get(id)] as const);
  return Object.fromEntries(texts.filter(([, text]) => text !== undefined && text !== ''));
}

/** The contents of an identification register; undefined where it cannot be read. */
async function readRegister(
  ask: Ask,
  unit: number,
  { function: code, address, type, words }: IdentifyRegister,
): Promise<number | string | undefined> {
  const body = await ask(Uint8Array.of(unit, code, address >> 8, address & 0xff, 0, words));
  if (body === undefined || refusedBody(body)) return undefined;
  const data = body.subarray(3);
  return type === 'string' ? textOf(data) : numberOf(data, type);
}

async function fitOf(
  profile: Profile,
  rule: IdentifyRule | undefined,
  identification: Identification | undefined,
  read: (register: IdentifyRegister) => Promise<number | string | undefined>,
): Promise<IdentifiedBy | undefined> {
  if (rule?.register !== undefined) {
    const held = await read(rule.register);
    const { is, matches } = rule.register;
    if (held !== undefined) {
      const fits = is?.includes(held) ?? new RegExp(matches ?? '(?!)').test(String(held));
      // A device that has the register says with another content that it is another model.
      return fits ? 'register' : undefined;
    }
  }
  if (identification === undefined) return undefined;
  const wanted = Object.entries(rule?.identification ?? {});
  const says = (name: string) => Reflect.get(identification, name) ?? '';
  if (wanted.length > 0 && wanted.every(([name, pattern]) => new RegExp(pattern).test(says(name)))) {
    return 'identification';
  }
  return sameName(profile, identification) ? 'name' : undefined;
}

const plain = (text = '') => text.toLowerCase().replace(/[^a-z0-9]/g, '');

/** Whether the vendor is the profile's brand and the product one of its models, but for case and punctuation. */
function sameName({ brand, model }: Profile, identification: Identification): boolean {
  const { vendor, product, productName, modelName } = identification;
  if (plain(brand) === '' || !plain(vendor).includes(plain(brand))) return false;
  const said = [product, productName, modelName].map(plain);
  const models = model.split(',').map(plain);
  return models.some((name) => name.length >= 3 && said.some((text) => text.includes(name)));
}

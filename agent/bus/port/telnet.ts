/** Telnet's commands among data: RFC 854 (IAC), RFC 855 (options and subnegotiation). No time, no port. */

export const IAC = 255;
export const SE = 240;
export const SB = 250;
export const WILL = 251;
export const WONT = 252;
export const DO = 253;
export const DONT = 254;

/** A subnegotiation longer than this is no answer to anything asked here; its end is waited for and it is dropped. */
const LONGEST = 256;

export type TelnetCommand =
  | { readonly verb: typeof WILL | typeof WONT | typeof DO | typeof DONT; readonly option: number }
  | { readonly verb: typeof SB; readonly option: number; readonly body: Uint8Array };

/** Data as it is written between commands: every 255 twice. */
export function escaped(data: Uint8Array): Uint8Array {
  if (!data.includes(IAC)) return data;
  return Uint8Array.from([...data].flatMap((byte) => (byte === IAC ? [IAC, IAC] : [byte])));
}

export function negotiation(verb: number, option: number): Uint8Array {
  return Uint8Array.of(IAC, verb, option);
}

export function subnegotiation(option: number, ...body: readonly number[]): Uint8Array {
  return Uint8Array.of(IAC, SB, ...escaped(Uint8Array.of(option, ...body)), IAC, SE);
}

type State = 'data' | 'iac' | 'option' | 'body' | 'body-iac';

/** Parts data from commands, however they are cut into pieces. */
export class TelnetDecoder {
  #state: State = 'data';
  #verb = 0;
  #body: number[] = [];

  feed(bytes: Uint8Array): { readonly data: Uint8Array; readonly commands: readonly TelnetCommand[] } {
    if (this.#state === 'data' && !bytes.includes(IAC)) return { data: bytes, commands: [] };
    const data: number[] = [];
    const commands: TelnetCommand[] = [];
    for (const byte of bytes) this.#take(byte, data, commands);
    return { data: Uint8Array.from(data), commands };
  }

  #take(byte: number, data: number[], commands: TelnetCommand[]): void {
    switch (this.#state) {
      case 'data':
        if (byte === IAC) this.#state = 'iac';
        else data.push(byte);
        return;
      case 'iac':
        this.#command(byte, data);
        return;
      case 'option':
        this.#state = 'data';
        if (this.#verb === WILL || this.#verb === WONT || this.#verb === DO || this.#verb === DONT) {
          commands.push({ verb: this.#verb, option: byte });
        }
        return;
      case 'body':
        if (byte === IAC) this.#state = 'body-iac';
        else this.#keep(byte);
        return;
      case 'body-iac':
        if (byte === IAC) {
          this.#state = 'body';
          this.#keep(byte);
          return;
        }
        // Anything but SE is against RFC 855; the subnegotiation is over all the same.
        this.#state = 'data';
        if (byte === SE && this.#body.length > 0 && this.#body.length <= LONGEST) {
          const [option = 0, ...body] = this.#body;
          commands.push({ verb: SB, option, body: Uint8Array.from(body) });
        }
    }
  }

  #command(byte: number, data: number[]): void {
    this.#state = 'data';
    if (byte === IAC) data.push(IAC);
    else if (byte === SB) {
      this.#body = [];
      this.#state = 'body';
    } else if (byte >= WILL && byte <= DONT) {
      this.#verb = byte;
      this.#state = 'option';
    }
    // NOP, break, are-you-there and the like have no option and mean nothing to a serial line.
  }

  #keep(byte: number): void {
    if (this.#body.length <= LONGEST) this.#body.push(byte);
  }
}

/** Option states by RFC 1143, without its queue: asks once, agrees to what it knows, answers nothing twice. */
export class TelnetOptions {
  readonly #known: { readonly us: readonly number[]; readonly him: readonly number[] };
  readonly #us = new Map<number, 'asked' | 'yes' | 'no'>();
  readonly #him = new Map<number, 'asked' | 'yes' | 'no'>();

  /** Options we may use, and those that the other side may. */
  constructor(known: { readonly us: readonly number[]; readonly him: readonly number[] }) {
    this.#known = known;
  }

  /** Asks for all that is known. */
  ask(): Uint8Array {
    for (const option of this.#known.us) this.#us.set(option, 'asked');
    for (const option of this.#known.him) this.#him.set(option, 'asked');
    return Uint8Array.of(
      ...this.#known.us.flatMap((option) => [IAC, WILL, option]),
      ...this.#known.him.flatMap((option) => [IAC, DO, option]),
    );
  }

  /** Takes what the other side says; gives the answer, if one is due. */
  take({ verb, option }: TelnetCommand): Uint8Array | undefined {
    if (verb === SB) return undefined;
    const ours = verb === DO || verb === DONT;
    const states = ours ? this.#us : this.#him;
    const state = states.get(option);
    const wanted = verb === DO || verb === WILL;
    const known = (ours ? this.#known.us : this.#known.him).includes(option);
    states.set(option, wanted && known ? 'yes' : 'no');
    if (wanted && !known) return negotiation(ours ? WONT : DONT, option);
    if (state === 'asked' || (state === 'yes') === wanted) return undefined;
    if (wanted) return negotiation(ours ? WILL : DO, option);
    return state === 'yes' ? negotiation(ours ? WONT : DONT, option) : undefined;
  }

  /** Of an option of ours: undefined while nothing was answered. */
  agreed(option: number): boolean | undefined {
    return agreement(this.#us.get(option));
  }

  /** Of an option of the other side's. */
  agreedByHim(option: number): boolean | undefined {
    return agreement(this.#him.get(option));
  }
}

function agreement(state: 'asked' | 'yes' | 'no' | undefined): boolean | undefined {
  return state === 'asked' || state === undefined ? undefined : state === 'yes';
}

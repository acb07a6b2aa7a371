/** What is used here of johnny-five 2.1 and firmata-io 2.3, which bring no types. */
declare module 'firmata-io' {
  import type { EventEmitter } from 'node:events';

  export interface FirmataPin {
    readonly supportedModes: readonly number[];
    mode: number | undefined;
    value: number;
    /** Answer of the last pin state query. */
    state?: number;
    analogChannel?: number;
  }
  export interface FirmataTransport extends EventEmitter {
    write(data: Uint8Array, done?: () => void): void;
  }
  export interface FirmataOptions {
    /** ms until the library asks for the version by itself. */
    reportVersionTimeout?: number;
    samplingInterval?: number;
  }
  export class Firmata extends EventEmitter {
    constructor(transport: FirmataTransport, options: FirmataOptions);
    readonly isReady: boolean;
    readonly versionReceived: boolean;
    readonly pins: FirmataPin[];
    readonly analogPins: number[];
    readonly firmware: { readonly name?: string };
    readonly MODES: Readonly<Record<string, number>>;
    readonly RESOLUTION: { readonly ADC: number | null; readonly PWM: number | null };
    readonly reportVersionTimeoutId: NodeJS.Timeout;
  }
  const bind: { readonly Firmata: typeof Firmata };
  export default bind;
}

declare module 'johnny-five' {
  import type { EventEmitter } from 'node:events';
  import type { Firmata } from 'firmata-io';

  export interface BoardOptions {
    readonly io: Firmata;
    readonly id: string;
    readonly repl: false;
    readonly debug: false;
    readonly sigint: false;
    readonly timeout: number;
  }
  export class Board extends EventEmitter {
    constructor(options: BoardOptions);
    /** Every board of the process, the one handed to components that name none. */
    static readonly cache: Board[];
    readonly io: Firmata;
    readonly isReady: boolean;
    readonly timer: NodeJS.Timeout | null;
    pinMode(pin: number, mode: number): this;
    analogRead(channel: number, listener: (value: number) => void): this;
    digitalRead(pin: number, listener: (value: number) => void): this;
    analogWrite(pin: number, value: number): this;
    digitalWrite(pin: number, value: number): this;
    queryPinState(pin: number, listener: () => void): this;
    samplingInterval(ms: number): this;
  }
  const five: { readonly Board: typeof Board };
  export default five;
}

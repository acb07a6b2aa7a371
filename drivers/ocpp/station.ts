/**
 * One charger as the endpoint sees it: answers its calls (OCPP 1.6 §4) and hands what they tell to the devices of its
 * connectors. Two connectors of one charger are two devices with one identity.
 */
import { z } from 'zod';
import { type Guest, type Link, refuse } from './guest.ts';
import { type MeterValue, meterValueSchema, timeOf } from './meter-values.ts';

/** What a charger says of itself when it boots. */
export interface Boot {
  readonly vendor: string;
  readonly model: string;
  readonly firmware: string | undefined;
  readonly serial: string | undefined;
}

/** The device of one connector. */
export interface Connector {
  readonly connector: number;
  readonly password: string | undefined;
  arrived(link: Link): void;
  left(): void;
  booted(boot: Boot): void;
  status(status: string, error: string, vendorError: string | undefined): void;
  meter(values: MeterValue, transaction: number | undefined): void;
  /** Gives the transaction's id, the same for the same call sent again. */
  start(key: string, register: number, time: number | undefined): number;
  /** False where it knows no such transaction. */
  stop(
    transaction: number,
    register: number | undefined,
    time: number | undefined,
    values: MeterValue,
  ): boolean;
  /** Whether this tag may charge. */
  allowed(tag: string): boolean;
  progress(of: 'firmware' | 'diagnostics', status: string): void;
}

export interface StationOptions {
  /** Wall time, Unix epoch ms, and whether it can be believed. */
  readonly now: () => { readonly time: number; readonly trusted: boolean };
}

const HEARTBEAT_S = 300;
/** While our own clock is not to be believed, so that the charger hears the true time soon, s. */
const HEARTBEAT_UNTRUSTED_S = 60;

const text = z.string().max(500);
const tag = z.string().min(1).max(20);
const connectorId = z.int().min(0).max(64);
/** What chargers send, as far as it is used: they add fields of their own, and leave out what nobody needs. */
const CALLS = {
  BootNotification: z.looseObject({
    chargePointVendor: text.default(''),
    chargePointModel: text.default(''),
    firmwareVersion: text.optional(),
    chargePointSerialNumber: text.optional(),
    chargeBoxSerialNumber: text.optional(),
  }),
  Heartbeat: z.looseObject({}),
  StatusNotification: z.looseObject({
    connectorId,
    status: text,
    errorCode: text.default('NoError'),
    vendorErrorCode: text.optional(),
  }),
  Authorize: z.looseObject({ idTag: tag }),
  StartTransaction: z.looseObject({
    connectorId,
    idTag: tag,
    meterStart: z.number(),
    timestamp: text.optional(),
  }),
  StopTransaction: z.looseObject({
    transactionId: z.number(),
    /** In 2.0.1 it stands among the values. */
    meterStop: z.number().optional(),
    timestamp: text.optional(),
    idTag: tag.optional(),
    transactionData: meterValueSchema.default([]),
  }),
  MeterValues: z.looseObject({
    connectorId,
    transactionId: z.number().optional(),
    meterValue: meterValueSchema,
  }),
  DataTransfer: z.looseObject({}),
  FirmwareStatusNotification: z.looseObject({ status: text }),
  DiagnosticsStatusNotification: z.looseObject({ status: text }),
} as const;
type Calls = { readonly [A in keyof typeof CALLS]: z.output<(typeof CALLS)[A]> };

export class Station implements Guest {
  readonly #options: StationOptions;
  readonly #connectors = new Set<Connector>();
  #link: Link | undefined;

  constructor(options: StationOptions) {
    this.#options = options;
  }

  get empty(): boolean {
    return this.#connectors.size === 0;
  }

  /** A charger has one password, whichever of its connectors gives it. */
  get password(): string | undefined {
    return [...this.#connectors].find(({ password }) => password !== undefined)?.password;
  }

  join(connector: Connector): Disposable {
    this.#connectors.add(connector);
    if (this.#link !== undefined) connector.arrived(this.#link);
    return { [Symbol.dispose]: () => void this.#connectors.delete(connector) };
  }

  arrived(link: Link): void {
    this.#link = link;
    for (const one of this.#connectors) one.arrived(link);
  }

  left(link: Link): void {
    if (this.#link !== link) return;
    this.#link = undefined;
    for (const one of this.#connectors) one.left();
  }

  take(action: string, payload: unknown): object {
    if (!isCall(action)) throw refuse('NotImplemented', `${action.slice(0, 64)} is not known here`);
    const parsed = CALLS[action].safeParse(payload ?? {});
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw refuse('FormationViolation', `${action}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
    }
    // One schema per action: what was parsed is that action's.
    return this.#answers[action](parsed.data as never);
  }

  readonly #answers: { readonly [A in keyof Calls]: (call: Calls[A]) => object } = {
    BootNotification: (call) => {
      const boot: Boot = {
        vendor: call.chargePointVendor,
        model: call.chargePointModel,
        firmware: call.firmwareVersion,
        serial: call.chargePointSerialNumber ?? call.chargeBoxSerialNumber,
      };
      for (const one of this.#connectors) one.booted(boot);
      const interval = this.#options.now().trusted ? HEARTBEAT_S : HEARTBEAT_UNTRUSTED_S;
      return { status: 'Accepted', currentTime: this.#currentTime(), interval };
    },
    Heartbeat: () => ({ currentTime: this.#currentTime() }),
    StatusNotification: ({ connectorId: id, status, errorCode, vendorErrorCode }) => {
      // Connector 0 is the charger as a whole; a fault of it is one of each connector.
      const whole = id === 0 && status === 'Faulted';
      for (const one of this.#connectors) {
        if (one.connector === id || whole) one.status(status, errorCode, vendorErrorCode);
      }
      return {};
    },
    Authorize: ({ idTag }) => ({ idTagInfo: { status: this.#judge(idTag, [...this.#connectors]) } }),
    StartTransaction: ({ connectorId: id, idTag, meterStart, timestamp }) => {
      const one = this.#at(id);
      if (one === undefined) return { transactionId: 0, idTagInfo: { status: 'Invalid' } };
      const status = this.#judge(idTag, [one]);
      const key = `${idTag}@${timestamp ?? ''}#${meterStart}`;
      // Also of a tag that may not charge: energy may flow until the charger has heard it.
      const transactionId = one.start(
        key,
        meterStart,
        timestamp === undefined ? undefined : timeOf(timestamp),
      );
      return { transactionId, idTagInfo: { status } };
    },
    StopTransaction: ({ transactionId, meterStop, timestamp, transactionData }) => {
      const time = timestamp === undefined ? undefined : timeOf(timestamp);
      const ended = [...this.#connectors].some((one) =>
        one.stop(transactionId, meterStop, time, transactionData),
      );
      const [only, more] = this.#connectors;
      // Begun while the link was down, under an id of the charger's own: the register counts all the same.
      if (!ended && only !== undefined && more === undefined && meterStop !== undefined)
        only.meter(stopValues(meterStop, timestamp), undefined);
      return {};
    },
    MeterValues: ({ connectorId: id, transactionId, meterValue }) => {
      this.#at(id)?.meter(meterValue, transactionId);
      return {};
    },
    DataTransfer: () => ({ status: 'UnknownVendorId' }),
    FirmwareStatusNotification: ({ status }) => this.#progress('firmware', status),
    DiagnosticsStatusNotification: ({ status }) => this.#progress('diagnostics', status),
  };

  #progress(of: 'firmware' | 'diagnostics', status: string): object {
    for (const one of this.#connectors) one.progress(of, status);
    return {};
  }

  /** The device of a connector; of the charger's main meter (0) where there is one device. */
  #at(id: number): Connector | undefined {
    const [only, more] = this.#connectors;
    const found = [...this.#connectors].find(({ connector }) => connector === id);
    return found ?? (id === 0 && more === undefined ? only : undefined);
  }

  #judge(idTag: string, connectors: readonly Connector[]): 'Accepted' | 'Invalid' {
    return connectors.some((one) => one.allowed(idTag)) ? 'Accepted' : 'Invalid';
  }

  #currentTime(): string {
    return new Date(Math.floor(this.#options.now().time)).toISOString();
  }
}

function isCall(action: string): action is keyof Calls {
  return Object.hasOwn(CALLS, action);
}

function stopValues(meterStop: number, timestamp: string | undefined): MeterValue {
  const value = { value: String(meterStop), unit: 'Wh' };
  return [{ ...(timestamp === undefined ? {} : { timestamp }), sampledValue: [value] }];
}

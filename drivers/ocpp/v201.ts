/**
 * OCPP 2.0.1 in the words of 1.6: what a charger says is turned into the calls that the station knows, and what it is asked to do
 * into messages of 2.0.1. EVSEs are connectors here; transactions, which are texts there, are numbers made of them.
 */
import { z } from 'zod';
import { type Guest, type Link, refuse } from './guest.ts';

const text = z.string().max(2500);
const sampled = z.looseObject({
  value: z.number(),
  measurand: text.optional(),
  phase: text.optional(),
  location: text.optional(),
  context: text.optional(),
  unitOfMeasure: z.looseObject({ unit: text.optional(), multiplier: z.int().optional() }).optional(),
});
const meterValue = z
  .array(z.looseObject({ timestamp: text, sampledValue: z.array(sampled).max(200) }))
  .max(500);
const evse = z.looseObject({ id: z.int().min(0).max(64), connectorId: z.int().optional() });
const idToken = z.looseObject({ idToken: text });

const CALLS = {
  BootNotification: z.looseObject({
    chargingStation: z.looseObject({
      vendorName: text,
      model: text,
      firmwareVersion: text.optional(),
      serialNumber: text.optional(),
    }),
  }),
  StatusNotification: z.looseObject({ evseId: z.int(), connectorId: z.int(), connectorStatus: text }),
  Authorize: z.looseObject({ idToken }),
  TransactionEvent: z.looseObject({
    eventType: z.enum(['Started', 'Updated', 'Ended']),
    timestamp: text,
    transactionInfo: z.looseObject({
      transactionId: z.string().min(1).max(36),
      chargingState: text.optional(),
    }),
    evse: evse.optional(),
    idToken: idToken.optional(),
    meterValue: meterValue.optional(),
  }),
  MeterValues: z.looseObject({ evseId: z.int(), meterValue }),
} as const;
type Calls = { readonly [A in keyof typeof CALLS]: z.output<(typeof CALLS)[A]> };

/** Answered with nothing: what they tell is not needed here. */
const HEARD: readonly string[] = [
  'NotifyEvent',
  'NotifyReport',
  'NotifyMonitoringReport',
  'NotifyChargingLimit',
  'NotifyEVChargingNeeds',
  'SecurityEventNotification',
  'ReservationStatusUpdate',
  'ClearedChargingLimit',
];
const STATUS: Readonly<Record<string, string>> = { Occupied: 'Preparing' };
const CHARGING: Readonly<Record<string, string>> = { EVConnected: 'Preparing', Idle: 'Available' };
/** Keys of 1.6 that the session sets; others are written `Component.Variable`. */
const VARIABLES: Readonly<Record<string, readonly [string, string]>> = {
  MeterValueSampleInterval: ['SampledDataCtrlr', 'TxUpdatedInterval'],
  MeterValuesSampledData: ['SampledDataCtrlr', 'TxUpdatedMeasurands'],
};

/** One connection that speaks 2.0.1, between a station and its charger. */
export class Dialect201 {
  readonly #station: Guest;
  /** Texts of transactions by number, and where they run. */
  readonly #transactions = new Map<number, { readonly id: string; readonly evse: number }>();
  #start = 0;

  constructor(station: Guest) {
    this.#station = station;
  }

  /** Answers a call of the charger; throws what `refuse` made. */
  take(action: string, payload: unknown): object {
    if (HEARD.includes(action)) return {};
    if (action === 'LogStatusNotification')
      return this.#station.take('DiagnosticsStatusNotification', payload);
    if (!Object.hasOwn(CALLS, action)) return this.#station.take(action, payload);
    const known = action as keyof Calls;
    const parsed = CALLS[known].safeParse(payload ?? {});
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw refuse('FormationViolation', `${action}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
    }
    return this.#answers[known](parsed.data as never);
  }

  readonly #answers: { readonly [A in keyof Calls]: (call: Calls[A]) => object } = {
    BootNotification: ({ chargingStation: { vendorName, model, firmwareVersion, serialNumber } }) =>
      this.#station.take('BootNotification', {
        chargePointVendor: vendorName,
        chargePointModel: model,
        firmwareVersion,
        chargePointSerialNumber: serialNumber,
      }),
    StatusNotification: ({ evseId, connectorStatus }) =>
      this.#station.take('StatusNotification', {
        connectorId: evseId,
        status: STATUS[connectorStatus] ?? connectorStatus,
      }),
    Authorize: ({ idToken: token }) => this.#authorize(token.idToken),
    MeterValues: ({ evseId, meterValue: values }) =>
      this.#station.take('MeterValues', { connectorId: evseId, meterValue: older(values) }),
    TransactionEvent: (call) => this.#transaction(call),
  };

  #authorize(token: string): object {
    const { idTagInfo } = this.#station.take('Authorize', { idTag: token.slice(0, 20) }) as {
      idTagInfo: { status: string };
    };
    return { idTokenInfo: { status: idTagInfo.status } };
  }

  #transaction(call: Calls['TransactionEvent']): object {
    const { transactionId, chargingState } = call.transactionInfo;
    const number = numberOf(transactionId);
    const connectorId = call.evse?.id ?? this.#transactions.get(number)?.evse ?? 1;
    this.#transactions.set(number, { id: transactionId, evse: connectorId });
    // Without values it says that the transaction is there all the same.
    const values = older(call.meterValue ?? []);
    const nothing = [{ timestamp: call.timestamp, sampledValue: [] }];
    this.#station.take('MeterValues', {
      connectorId,
      transactionId: number,
      meterValue: values.length === 0 ? nothing : values,
    });
    if (chargingState !== undefined) {
      const status = CHARGING[chargingState] ?? chargingState;
      this.#station.take('StatusNotification', { connectorId, status });
    }
    if (call.eventType === 'Ended') {
      this.#station.take('StopTransaction', { transactionId: number, timestamp: call.timestamp });
      this.#transactions.delete(number);
    }
    return call.idToken === undefined ? {} : this.#authorize(call.idToken.idToken);
  }

  /** The charger as the sessions know it. */
  link(own: Link): Link {
    return {
      remote: own.remote,
      close: () => own.close(),
      call: async (action, payload) => {
        const [name, asked, back = (answer: Loose) => answer] = this.#newer(action, payload as Loose);
        return back((await own.call(name, asked)) as Loose);
      },
    };
  }

  /** A call of 1.6 as one of 2.0.1, and its answer back. */
  #newer(action: string, asked: Loose): readonly [string, object, ((answer: Loose) => Loose)?] {
    const evseId = asked.connectorId as number;
    switch (action) {
      case 'RemoteStartTransaction':
        this.#start += 1;
        return [
          'RequestStartTransaction',
          { evseId, remoteStartId: this.#start, idToken: { idToken: asked.idTag, type: 'Central' } },
        ];
      case 'RemoteStopTransaction': {
        const known = this.#transactions.get(asked.transactionId as number);
        if (known === undefined) throw new Error('the charger has not said yet which transaction it runs');
        return ['RequestStopTransaction', { transactionId: known.id }];
      }
      case 'Reset':
        return ['Reset', { type: asked.type === 'Hard' ? 'Immediate' : 'OnIdle' }, scheduled];
      case 'UnlockConnector':
        return ['UnlockConnector', { evseId, connectorId: 1 }];
      case 'ChangeAvailability':
        return ['ChangeAvailability', { operationalStatus: asked.type, evse: { id: evseId } }];
      case 'TriggerMessage': {
        const named = asked.connectorId === undefined ? {} : { evse: { id: evseId, connectorId: 1 } };
        return ['TriggerMessage', { requestedMessage: asked.requestedMessage, ...named }];
      }
      case 'SetChargingProfile':
        return [
          'SetChargingProfile',
          { evseId, chargingProfile: profile201(asked.csChargingProfiles as Loose) },
        ];
      case 'GetCompositeSchedule': {
        const { duration, chargingRateUnit } = asked;
        const back = ({ status, schedule }: Loose) => ({ status, chargingSchedule: schedule });
        return ['GetCompositeSchedule', { evseId, duration, chargingRateUnit }, back];
      }
      case 'ChangeConfiguration':
        return [
          'SetVariables',
          { setVariableData: [{ ...variable(String(asked.key)), attributeValue: asked.value }] },
          ({ setVariableResult }) => ({ status: first(setVariableResult).attributeStatus }),
        ];
      case 'GetConfiguration': {
        const keys = asked.key as readonly string[];
        const back = ({ getVariableResult }: Loose) => ({
          configurationKey: (getVariableResult as Loose[]).flatMap(({ attributeValue }, i) =>
            attributeValue === undefined ? [] : [{ key: keys[i], value: attributeValue }],
          ),
        });
        return ['GetVariables', { getVariableData: keys.map(variable) }, back];
      }
      default:
        return [action, asked];
    }
  }
}

type Loose = Readonly<Record<string, unknown>>;

function first(list: unknown): Loose {
  return Array.isArray(list) ? (list[0] as Loose) : {};
}

/** What is done later is taken. */
function scheduled({ status }: Loose): Loose {
  return { status: status === 'Scheduled' ? 'Accepted' : status };
}

function variable(key: string): { readonly component: object; readonly variable: object } {
  const [component = '', name = ''] = VARIABLES[key] ?? key.split('.');
  return { component: { name: component }, variable: { name } };
}

function profile201({ chargingProfileId, chargingProfilePurpose, chargingSchedule, ...rest }: Loose): object {
  const purpose =
    chargingProfilePurpose === 'ChargePointMaxProfile' ? 'ChargingStationMaxProfile' : chargingProfilePurpose;
  return {
    id: chargingProfileId,
    ...rest,
    chargingProfilePurpose: purpose,
    chargingSchedule: [{ id: 1, ...(chargingSchedule as Loose) }],
  };
}

/** Sampled values with the unit and the text of 1.6. */
function older(values: z.output<typeof meterValue>) {
  return values.map(({ timestamp, sampledValue }) => ({
    timestamp,
    sampledValue: sampledValue.map(({ value, unitOfMeasure, ...one }) => ({
      ...one,
      value: String(value * 10 ** (unitOfMeasure?.multiplier ?? 0)),
      ...(unitOfMeasure?.unit === undefined ? {} : { unit: unitOfMeasure.unit }),
    })),
  }));
}

/** A number of 31 bits of a text, the same in every life of the agent. FNV-1a */
function numberOf(id: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(id)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash & 0x7fffffff || 1;
}

/** OCPP 2.0.1: a charger of the library's own client in strict mode, which holds both sides to OCA's schemas. */
import { RPCClient } from 'ocpp-rpc';
import { expect, it } from 'vitest';
import { ocppStand } from '../../support/ocpp-stand.ts';

type Loose = Readonly<Record<string, unknown>>;

it('boots, charges by transaction events, is limited, started and stopped, all by the schemas of 2.0.1', async () => {
  await using stand = await ocppStand({ identity: 'CS-201', options: { password: 'correct-horse' } });
  const { until, value, write } = stand;
  const client = new RPCClient({
    endpoint: stand.url,
    identity: 'CS-201',
    protocols: ['ocpp2.0.1'],
    password: 'correct-horse',
    strictMode: true,
    reconnect: false,
  } as never);
  const heard: { readonly action: string; readonly asked: Loose }[] = [];
  const failures: unknown[] = [];
  client.on('strictValidationFailure', (failure: unknown) => void failures.push(failure));
  let limit = 32;
  const answers: Readonly<Record<string, (asked: Loose) => Loose>> = {
    SetVariables: ({ setVariableData }) => ({
      setVariableResult: (setVariableData as Loose[]).map(({ component, variable }) => ({
        attributeStatus: 'Accepted',
        component,
        variable,
      })),
    }),
    GetVariables: () => ({ getVariableResult: [] }),
    TriggerMessage: () => ({ status: 'Accepted' }),
    SetChargingProfile: ({ chargingProfile }) => {
      const { chargingSchedule } = chargingProfile as {
        chargingSchedule: { chargingSchedulePeriod: Loose[] }[];
      };
      limit = Number(chargingSchedule[0]?.chargingSchedulePeriod[0]?.limit);
      return { status: 'Accepted' };
    },
    GetCompositeSchedule: ({ evseId }) => ({
      status: 'Accepted',
      schedule: {
        evseId,
        duration: 60,
        scheduleStart: '2027-03-04T08:00:00Z',
        chargingRateUnit: 'A',
        chargingSchedulePeriod: [{ startPeriod: 0, limit }],
      },
    }),
    RequestStartTransaction: () => ({ status: 'Accepted' }),
    RequestStopTransaction: () => ({ status: 'Accepted' }),
    Reset: () => ({ status: 'Scheduled' }),
    UnlockConnector: () => ({ status: 'Unlocked' }),
    ChangeAvailability: () => ({ status: 'Scheduled' }),
  };
  client.handle((async ({ method = '', params = {} }: { method?: string; params?: Loose }) => {
    heard.push({ action: method, asked: params });
    return answers[method]?.(params) ?? {};
  }) as never);
  await client.connect();
  const call = async (action: string, payload: object) => (await client.call(action, payload)) as Loose;
  const asked = (action: string) => heard.findLast((one) => one.action === action)?.asked;

  expect(
    await call('BootNotification', {
      reason: 'PowerUp',
      chargingStation: { vendorName: 'lib', model: 'two-o-one', serialNumber: 'S-1', firmwareVersion: '9' },
    }),
  ).toMatchObject({ status: 'Accepted', interval: 300 });
  expect([value('vendor'), value('model'), value('serial-number')]).toEqual(['lib', 'two-o-one', 'S-1']);
  await call('StatusNotification', {
    timestamp: '2027-03-04T07:00:00Z',
    connectorStatus: 'Occupied',
    evseId: 1,
    connectorId: 1,
  });
  expect(value('status')).toBe('Preparing');
  await until(() => heard.some(({ action }) => action === 'TriggerMessage'));
  expect(asked('SetVariables')).toMatchObject({
    setVariableData: [{ component: { name: 'SampledDataCtrlr' }, variable: { name: 'TxUpdatedInterval' } }],
  });
  expect(await call('Authorize', { idToken: { idToken: 'TAG', type: 'ISO14443' } })).toEqual({
    idTokenInfo: { status: 'Accepted' },
  });

  const event = (eventType: string, seqNo: number, minute: number, kwh: number, more: object = {}) =>
    call('TransactionEvent', {
      eventType,
      seqNo,
      timestamp: `2027-03-04T07:${String(minute).padStart(2, '0')}:00Z`,
      triggerReason: 'MeterValuePeriodic',
      transactionInfo: { transactionId: 'tx-ab12', chargingState: 'Charging' },
      meterValue: [
        {
          timestamp: `2027-03-04T07:${String(minute).padStart(2, '0')}:00Z`,
          sampledValue: [
            {
              value: kwh,
              measurand: 'Energy.Active.Import.Register',
              unitOfMeasure: { unit: 'Wh', multiplier: 3 },
            },
            { value: 7.2, measurand: 'Power.Active.Import', unitOfMeasure: { unit: 'kW' } },
            { value: -0, measurand: 'Current.Import', phase: 'L2', unitOfMeasure: { unit: 'A' } },
          ],
        },
      ],
      ...more,
    });
  const started = await event('Started', 0, 1, 100, {
    evse: { id: 1, connectorId: 1 },
    idToken: { idToken: 'TAG', type: 'ISO14443' },
  });
  expect(started).toEqual({ idTokenInfo: { status: 'Accepted' } });
  expect([value('status'), value('session-active'), value('sessions')]).toEqual(['Charging', true, 1]);
  await event('Updated', 1, 31, 103.6);
  expect([value('energy-session'), value('power-active-total')]).toEqual([3.6, 7.2]);
  expect(Object.is(value('current-l2'), 0)).toBe(true);

  expect(await write('current-limit', 10)).toMatchObject({ kind: 'done', readback: { value: 10 } });
  expect(asked('SetChargingProfile')).toMatchObject({
    evseId: 0,
    chargingProfile: { chargingProfilePurpose: 'ChargingStationMaxProfile' },
  });
  expect(await write('session-stop', true)).toMatchObject({ kind: 'done' });
  expect(asked('RequestStopTransaction')).toEqual({ transactionId: 'tx-ab12' });
  await event('Ended', 2, 41, 104.8, {
    transactionInfo: { transactionId: 'tx-ab12', stoppedReason: 'Remote' },
  });
  expect([value('energy-session'), value('energy-total'), value('session-active')]).toEqual([
    4.8,
    4.8,
    false,
  ]);
  expect(await write('session-start', 'operator')).toMatchObject({ kind: 'done' });
  expect(asked('RequestStartTransaction')).toMatchObject({ evseId: 1, idToken: { idToken: 'operator' } });
  expect(await write('reset', 'Soft')).toMatchObject({ kind: 'done' });
  expect(await write('unlock', true)).toMatchObject({ kind: 'done' });
  expect(await write('available', false)).toMatchObject({ kind: 'done' });

  expect(await call('DataTransfer', { vendorId: 'lib' })).toEqual({ status: 'UnknownVendorId' });
  expect(await call('FirmwareStatusNotification', { status: 'Idle' })).toEqual({});
  expect(await call('SecurityEventNotification', { type: 'x', timestamp: '2027-03-04T07:00:00Z' })).toEqual(
    {},
  );
  expect(failures).toEqual([]);
  await client.close({ force: true } as never);
});

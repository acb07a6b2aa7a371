/**
 * OCPP against a client that is neither ours nor of the server's library: ocpp-ts, which checks by OCA's schemas what it sends
 * and what it is sent, and answers in its own words.
 */
import { OcppClient } from 'ocpp-ts';
import { expect, it } from 'vitest';
import { ocppStand } from '../../support/ocpp-stand.ts';

it('boots, reports, charges, is limited and started, with every message right by another library’s schemas', async () => {
  await using stand = await ocppStand({ identity: 'CP-TS', options: { password: 'correct-horse' } });
  const { until, value, write } = stand;
  const client = new OcppClient('CP-TS');
  const errors: Error[] = [];
  const heard: string[] = [];
  let limit: number | undefined;
  client.on('error', (error) => void errors.push(error));
  client.on('ChangeConfiguration', ({ key }, answer) => {
    heard.push(`ChangeConfiguration ${key}`);
    answer({ status: 'Accepted' });
  });
  client.on('GetConfiguration', (_, answer) => answer({ configurationKey: [], unknownKey: [] }));
  client.on('TriggerMessage', ({ requestedMessage }, answer) => {
    heard.push(`TriggerMessage ${requestedMessage}`);
    answer({ status: 'Accepted' });
  });
  client.on('SetChargingProfile', ({ csChargingProfiles }, answer) => {
    limit = csChargingProfiles.chargingSchedule.chargingSchedulePeriod[0]?.limit;
    answer({ status: 'Accepted' });
  });
  client.on('GetCompositeSchedule', ({ connectorId }, answer) => {
    answer({
      status: 'Accepted',
      connectorId,
      chargingSchedule: {
        chargingRateUnit: 'A',
        chargingSchedulePeriod: [{ startPeriod: 0, limit: limit ?? 32 }],
      },
    });
  });
  client.on('RemoteStartTransaction', ({ idTag }, answer) => {
    heard.push(`RemoteStartTransaction ${idTag}`);
    answer({ status: 'Accepted' });
  });
  client.on('RemoteStopTransaction', ({ transactionId }, answer) => {
    heard.push(`RemoteStopTransaction ${transactionId}`);
    answer({ status: 'Accepted' });
  });
  client.on('Reset', (_, answer) => answer({ status: 'Rejected' }));
  client.on('UnlockConnector', (_, answer) => answer({ status: 'NotSupported' }));
  client.on('ChangeAvailability', (_, answer) => answer({ status: 'Scheduled' }));

  const authorization = `Basic ${Buffer.from('CP-TS:correct-horse').toString('base64')}`;
  const opened = new Promise<void>((resolve) => client.on('connect', resolve));
  client.connect(`${stand.url}/`, { authorization });
  await opened;
  const boot = await client.callRequest('BootNotification', {
    chargePointVendor: 'ts',
    chargePointModel: 'ocpp',
  });
  expect(boot).toMatchObject({ status: 'Accepted', interval: 300 });
  expect(await client.callRequest('Heartbeat', {})).toMatchObject({
    currentTime: expect.stringMatching(/Z$/),
  });
  await client.callRequest('StatusNotification', {
    connectorId: 1,
    errorCode: 'NoError',
    status: 'Preparing',
  });
  expect(value('status')).toBe('Preparing');
  await until(() => heard.includes('TriggerMessage MeterValues'));
  expect(heard).toContain('ChangeConfiguration MeterValuesSampledData');

  const { idTagInfo } = await client.callRequest('Authorize', { idTag: 'TAG' });
  expect(idTagInfo.status).toBe('Accepted');
  const timestamp = (minutes: number) =>
    new Date(Date.UTC(2027, 2, 4, 8) - 6e6 + minutes * 60_000).toISOString();
  const started = await client.callRequest('StartTransaction', {
    connectorId: 1,
    idTag: 'TAG',
    meterStart: 1000,
    timestamp: timestamp(0),
  });
  await client.callRequest('MeterValues', {
    connectorId: 1,
    transactionId: started.transactionId,
    meterValue: [
      {
        timestamp: timestamp(60),
        sampledValue: [{ value: '5000' }, { value: '4', measurand: 'Power.Active.Import', unit: 'kW' }],
      },
    ],
  });
  expect([value('energy-session'), value('power-active-total'), value('session-active')]).toEqual([
    4,
    4,
    true,
  ]);
  expect(await write('current-limit', 8)).toMatchObject({ kind: 'done', readback: { value: 8 } });
  expect(limit).toBe(8);
  expect(await write('session-stop', true)).toMatchObject({ kind: 'done' });
  expect(heard.at(-1)).toBe(`RemoteStopTransaction ${started.transactionId}`);
  const stop = { transactionId: started.transactionId, meterStop: 5600, timestamp: timestamp(70) };
  await client.callRequest('StopTransaction', stop);
  await client.callRequest('StopTransaction', stop);
  expect([value('energy-total'), value('session-active'), value('sessions')]).toEqual([4.6, false, 1]);

  expect(await write('session-start', 'TAG')).toMatchObject({ kind: 'done' });
  expect(await write('unlock', true)).toMatchObject({
    kind: 'rejected',
    reason: 'UnlockConnector: NotSupported',
  });
  expect(await write('reset', 'Hard')).toMatchObject({ kind: 'rejected', reason: 'Reset: Rejected' });
  expect(await write('available', true)).toMatchObject({ kind: 'done' });
  expect(await client.callRequest('DataTransfer', { vendorId: 'ts' })).toEqual({ status: 'UnknownVendorId' });
  await client.callRequest('FirmwareStatusNotification', { status: 'Installed' });
  await client.callRequest('DiagnosticsStatusNotification', { status: 'Uploaded' });
  expect([value('firmware-status'), value('diagnostics-status')]).toEqual(['Installed', 'Uploaded']);
  expect(errors).toEqual([]);
});

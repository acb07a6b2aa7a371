/** What each preset really publishes, against what the far end documents. */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PRESETS } from '../../../agent/core/site.ts';
import { presetOf } from '../../../agent/uplink/mqtt/preset.ts';
import { embeddedBroker } from '../../support/brokers.ts';
import { MqttReceiver, until } from '../../support/mqtt-receiver.ts';
import { agent, configOf } from './mqtt-agent.ts';

const FOLDER = new URL('../../../agent/uplink/mqtt/presets/', import.meta.url);
const T0 = Date.UTC(2027, 0, 1);

describe('presets', () => {
  it('are the files of their folder, each of them right', () => {
    expect(readdirSync(FOLDER).sort()).toEqual(PRESETS.map((name) => `${name}.yaml`).sort());
    for (const name of PRESETS) expect(presetOf(name).title).not.toBe('');
    expect(presetOf('plain')).toMatchObject({ plain: true, messages: [] });
  });

  it('thingsboard-gateway: connects devices, tells attributes and sends telemetry, and nothing else', async () => {
    await using broker = await embeddedBroker();
    await using city = await MqttReceiver.at(broker.port, '#');
    {
      await using pole = agent(configOf(broker.port, { preset: 'thingsboard-gateway' }));
      pole.log.readings('meter', 2);
      pole.log.commit('meter', [
        {
          kind: 'reading',
          device: 'lamp-1',
          point: 'on',
          value: true,
          unit: '1',
          quality: 'good',
          time: T0 + 3,
          rank: 'ntp',
        },
        {
          kind: 'reading',
          device: 'meter-1',
          point: 'energy',
          value: null,
          unit: 'kW.h',
          quality: 'bad',
          reason: 'timeout',
          time: T0 + 4,
          rank: 'ntp',
        },
      ]);
      pole.log.commit('event', [
        {
          kind: 'event',
          event: 'gap',
          severity: 'info',
          time: T0,
          rank: 'ntp',
          body: { reason: 'unclean-stop' },
        },
      ]);
      await until(() => pole.pump.tally().settled === 5, 'acknowledgements');
      await until(() => city.heard.some(({ topic }) => topic.endsWith('telemetry')), 'the telemetry');
    }
    // https://thingsboard.io/docs/reference/gateway-mqtt-api/
    expect(city.heard.map(({ topic, payload }) => ({ topic, payload }))).toEqual([
      { topic: 'v1/gateway/connect', payload: { device: 'meter-1', type: 'electricity-meter' } },
      {
        topic: 'v1/gateway/attributes',
        payload: {
          'meter-1': {
            title: 'Feeder meter',
            class: 'electricity-meter',
            brand: 'eastron',
            model: 'SDM630',
            asset: '310000-XX-0001',
          },
        },
      },
      {
        topic: 'v1/gateway/telemetry',
        payload: {
          'meter-1': [
            { ts: T0 + 1, values: { energy: 1 } },
            { ts: T0 + 2, values: { energy: 2 } },
          ],
          'lamp-1': [{ ts: T0 + 3, values: { on: true } }],
        },
      },
    ]);
  });

  it('home-assistant: is found by discovery, shows the newest value, and keeps payload v1 beside it', async () => {
    await using broker = await embeddedBroker();
    await using city = await MqttReceiver.at(broker.port, '#');
    await using pole = agent(configOf(broker.port, { preset: 'home-assistant' }));
    pole.log.readings('meter', 2);
    await until(() => pole.pump.tally().settled === 2, 'the backlog');
    pole.log.readings('meter', 1);
    pole.wake();
    await until(() => pole.pump.tally().settled === 3, 'the live reading');
    await until(() => city.on('/now/meter-1/energy').length === 1, 'the newest value');
    // https://www.home-assistant.io/integrations/sensor.mqtt/
    const now = 'kerbside/v1/demo/pole-1/now/meter-1/energy';
    expect(city.on('homeassistant/sensor/pole-1_meter-1/energy/config')).toEqual([
      {
        name: 'Energy',
        unique_id: 'kerbside_pole-1_meter-1_energy',
        state_topic: now,
        value_template: '{{ value_json.value }}',
        json_attributes_topic: now,
        unit_of_measurement: 'kWh',
        availability_topic: 'kerbside/v1/demo/pole-1/state',
        availability_template: '{{ value_json.state }}',
        device: {
          identifiers: ['kerbside_pole-1_meter-1'],
          name: 'Feeder meter',
          manufacturer: 'eastron',
          model: 'SDM630',
        },
      },
    ]);
    expect(city.on('/now/meter-1/energy')).toEqual([
      { value: 3, unit: 'kW.h', quality: 'good', time: '2027-01-01T00:00:00.003Z' },
    ]);
    await until(() => city.report().records === 3, 'payload v1');
    expect(city.report()).toMatchObject({ balanced: true, records: 3 });
    await using late = await MqttReceiver.at(broker.port, 'homeassistant/#');
    await until(() => late.heard.length === 1, 'the retained configuration');
    expect(late.heard[0]?.retained).toBe(true);
  });
});

/** One meter behind a gateway of Modbus TCP: what an agent can read without any serial port. */
import type { ScenarioLine } from '../../hw-sim/scenario.ts';

/** `every`: period of the meter, ms. */
export function gatewayLine(every: number): ScenarioLine {
  const meter = {
    id: 'meter-behind',
    title: { en: 'Meter behind a gateway' },
    model: 'eastron-sdm120',
    every,
  };
  return { id: 'gateway', tcp: true, baud: 9600, format: '8N1', duplex: 'half', devices: [meter] };
}

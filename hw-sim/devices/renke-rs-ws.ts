/** Renke RS-WS and JXBS-3001 temperature and humidity transmitters. */
import { type ModbusModel, register } from './modbus-model.ts';
import { environment } from './quantities.ts';

export const renkeRsWs: ModbusModel = {
  stem: 'renke-rs-ws',
  functions: [3],
  serial: { baud: 4800, format: '8N1' },
  value: environment,
  registers: [
    register('humidity', 0, 'uint16', '%', { scale: 0.1 }),
    register('temperature', 1, 'int16', 'Cel', { scale: 0.1 }),
  ],
};

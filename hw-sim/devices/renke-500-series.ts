/** Renke 500-series ultrasonic weather station, also sold as DFRobot SEN0658: registers 500 to 513, function 3. */
import { type ModbusModel, register } from './modbus-model.ts';
import { environment } from './quantities.ts';

export const renke500Series: ModbusModel = {
  stem: 'renke-500-series',
  functions: [3],
  serial: { baud: 4800, format: '8N1' },
  value: environment,
  registers: [
    register('wind-speed', 500, 'uint16', 'm/s', { scale: 0.01 }),
    register('wind-force', 501, 'uint16', '1'),
    register('wind-sector', 502, 'uint16', '1'),
    register('wind-direction', 503, 'uint16', 'deg'),
    register('humidity', 504, 'uint16', '%', { scale: 0.1 }),
    register('temperature', 505, 'int16', 'Cel', { scale: 0.1 }),
    register('noise', 506, 'uint16', 'dB(A)', { scale: 0.1 }),
    register('pm2-5', 507, 'uint16', 'ug/m3'),
    register('pm10', 508, 'uint16', 'ug/m3'),
    register('pressure', 509, 'uint16', 'kPa', { scale: 0.1 }),
    register('illuminance', 510, 'uint32', 'lx'),
    register('illuminance-hundreds', 512, 'uint16', 'lx', { scale: 100 }),
    register('rain', 513, 'uint16', 'mm', { scale: 0.1 }),
  ],
  // Unit id and code of the baud rate (0: 2400, 1: 4800, 2: 9600), as a technician's tool reads them.
  constants: [[0x07d0, [1, 2]]],
};

import type { HttpUplinkConfig } from '../../agent/core/site.ts';
import { http } from '../../agent/uplink/http/index.ts';
import { httpCity } from '../support/http-city.ts';
import { uplinkConformance } from './uplink.ts';

const config = (port: number, more: Partial<HttpUplinkConfig>): HttpUplinkConfig => ({
  id: 'city',
  kind: 'http',
  url: `http://127.0.0.1:${port}/readings`,
  format: 'json',
  compression: 'none',
  timeout: 1000,
  inFlight: 4,
  maxBody: 16_384,
  replayRate: 0,
  ...more,
});

uplinkConformance({
  name: 'HTTP with JSON, gzip',
  uplink: http,
  config: (port) => config(port, { compression: 'gzip' }),
  farEnd: () => httpCity(400),
});

uplinkConformance({
  name: 'HTTP with columns, zstd',
  uplink: http,
  config: (port) => config(port, { format: 'columns', compression: 'zstd' }),
  farEnd: () => httpCity(400),
});

uplinkConformance({
  name: 'HTTP with InfluxDB line protocol, zstd',
  uplink: http,
  config: (port) => config(port, { format: 'influx', compression: 'zstd' }),
  farEnd: () => httpCity(422),
});

uplinkConformance({
  name: 'HTTP with JSON as it is',
  uplink: http,
  config: (port) => config(port, { maxBody: 2048 }),
  farEnd: () => httpCity(413),
});

/**
 * `node deploy/city/scale.ts [--poles 100000] [--readings 0.2] [--window 60] …`: what a city of poles costs by the model of
 * docs/city-scale.md: messages, broker cores, bytes, SIM data, backlog, power. Every figure of it can be given.
 */
import { parseArgs } from 'node:util';

export interface CityModel {
  readonly poles: number;
  /** Readings a second of one pole. */
  readonly readings: number;
  /** Longest time from a reading to its message, s. */
  readonly window: number;
  /** Bytes of a message without its readings, and of each reading in it, as MQTT's payload and header. */
  readonly messageBytes: number;
  readonly readingBytes: number;
  /** What TLS and TCP/IP add to a message and its PUBACK, both ways. */
  readonly transportBytes: number;
  /** A keep-alive and its answer, both ways with TLS and TCP/IP; s between two where nothing else is sent. */
  readonly keepAliveBytes: number;
  readonly keepAlive: number;
  /** Messages a second that one broker core takes, acknowledges and hands to one receiver. */
  readonly messagesPerCore: number;
  /** Cores are planned to be busy to this share. */
  readonly load: number;
  /** Hours without a link that are looked at. */
  readonly outage: number;
  /** Readings of backlog a second of one pole. */
  readonly replay: number;
  /** Power of a pole's gateway with its modem, W. */
  readonly watts: number;
}

export const DEFAULTS: CityModel = {
  poles: 100_000,
  readings: 0.2,
  window: 60,
  messageBytes: 400,
  readingBytes: 11,
  transportBytes: 180,
  keepAliveBytes: 180,
  keepAlive: 30,
  messagesPerCore: 16_000,
  load: 0.5,
  outage: 10,
  replay: 2000,
  watts: 4,
};

export interface CityCost {
  readonly messagesPerSecond: number;
  readonly readingsPerSecond: number;
  readonly brokerCores: number;
  /** Of one pole, MB (10⁶). */
  readonly poleDayMb: number;
  readonly poleMonthMb: number;
  /** Into the city, Mbit/s on average. */
  readonly cityMbit: number;
  /** Of one pole after the outage, and of all: readings, and MB on the wire. */
  readonly backlogReadings: number;
  readonly backlogMb: number;
  readonly cityBacklogReadings: number;
  /** One pole, s: the pace of its replay. */
  readonly replaySeconds: number;
  /** All gateways, kW, and MWh a year. */
  readonly powerKw: number;
  readonly powerMwhYear: number;
}

const DAY = 86_400;
/** Days of a month of SIM data. */
const MONTH = 30;
/** Bytes a message holds at most (half of `max_message`). */
const LARGEST = 65_536;

export function costOf(model: CityModel): CityCost {
  const { poles, readings, window, messageBytes, readingBytes, transportBytes } = model;
  const perMessage = readings * window;
  // Fewer readings than windows: a message for each reading.
  const messages = Math.min(readings, 1 / window);
  const payload = messageBytes + readingBytes * Math.max(1, perMessage);
  // Pings go by the clock, whatever else is sent.
  const bytesPerSecond = messages * (payload + transportBytes) + model.keepAliveBytes / model.keepAlive;
  const waiting = readings * model.outage * 3600;
  const waitingBytes =
    waiting * readingBytes + Math.ceil((waiting * readingBytes) / LARGEST) * (messageBytes + transportBytes);
  const poleDayMb = (bytesPerSecond * DAY) / 1e6;
  const powerKw = (poles * model.watts) / 1000;
  return {
    messagesPerSecond: poles * messages,
    readingsPerSecond: poles * readings,
    brokerCores: Math.ceil((poles * messages) / (model.messagesPerCore * model.load)),
    poleDayMb,
    poleMonthMb: poleDayMb * MONTH,
    cityMbit: (poles * bytesPerSecond * 8) / 1e6,
    backlogReadings: waiting,
    backlogMb: waitingBytes / 1e6,
    cityBacklogReadings: waiting * poles,
    replaySeconds: waiting / model.replay,
    powerKw,
    powerMwhYear: (powerKw * 8760) / 1000,
  };
}

/** Rows of a Markdown table. */
export function table(model: CityModel): string {
  const cost = costOf(model);
  const count = (value: number, digits = 0) => value.toLocaleString('en', { maximumFractionDigits: digits });
  const rows: readonly (readonly [string, string])[] = [
    ['messages a second, all poles', count(cost.messagesPerSecond)],
    ['readings a second, all poles', count(cost.readingsPerSecond)],
    ['broker cores', count(cost.brokerCores)],
    ['on the wire, one pole and day', `${count(cost.poleDayMb, 1)} MB`],
    ['SIM data, one pole and month', `${count(cost.poleMonthMb)} MB`],
    ['into the city, on average', `${count(cost.cityMbit, 1)} Mbit/s`],
    [
      `backlog of one pole after ${model.outage} h`,
      `${count(cost.backlogReadings)} readings, ${count(cost.backlogMb, 2)} MB`,
    ],
    ['its replay at full pace', `${count(cost.replaySeconds, 1)} s`],
    [
      `backlog of all poles after ${model.outage} h`,
      `${count(cost.cityBacklogReadings / 1e6, 1)} million readings`,
    ],
    ['power of all gateways', `${count(cost.powerKw)} kW, ${count(cost.powerMwhYear)} MWh a year`],
  ];
  return rows.map(([name, value]) => `| ${name} | ${value} |`).join('\n');
}

function main(): void {
  const options = Object.fromEntries(
    Object.keys(DEFAULTS).map((name) => [kebab(name), { type: 'string' as const }]),
  );
  const { values } = parseArgs({ options });
  const given = Object.entries(DEFAULTS).map(([name, usual]) => {
    const text = values[kebab(name)];
    const value = text === undefined ? usual : Number(text);
    if (!(value > 0)) throw new Error(`--${kebab(name)} ${text}: expected a number above 0`);
    return [name, value] as const;
  });
  process.stdout.write(`${table(Object.fromEntries(given) as unknown as CityModel)}\n`);
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

if (import.meta.main) main();

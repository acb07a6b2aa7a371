/**
 * Airtime: how much of a line its plan takes. Pure; the same figures serve `kerbside check`, the scheduler and benches.
 * One transaction is request + answer characters, the two silences that frame them, and the device's turnaround
 * (MODBUS over serial line V1.02 §2.5.1.1).
 */
import type { LineConfig, SerialSettings } from '../core/site.ts';

/** What is supposed of a device nobody has measured yet, ms. */
export const SUPPOSED_TURNAROUND = 20;
/** The same for a device behind TCP or UDP: the way there and back, ms. */
export const SUPPOSED_ROUND_TRIP = 5;
/** The same behind a mobile network. */
export const SUPPOSED_MOBILE = 150;

/** Bits of one character on the wire: start, data, parity, stop. */
export function characterBits({ dataBits, parity, stopBits }: SerialSettings): number {
  return 1 + dataBits + (parity === 'none' ? 0 : 1) + stopBits;
}

/** Time of one character, ms. */
export function characterTime(serial: SerialSettings): number {
  return (characterBits(serial) * 1000) / serial.baud;
}

/** Silence before every request, ms: 3.5 characters, and 1.75 ms above 19200 baud (MODBUS over serial line §2.5.1.1). */
export function silenceTime(serial: SerialSettings): number {
  return serial.baud > 19_200 ? 1.75 : 3.5 * characterTime(serial);
}

/** Times of a line, ms. A line of MBAP frames has no characters and no silence. */
export interface LineTiming {
  readonly character: number;
  readonly silence: number;
}

export function lineTiming(line: LineConfig): LineTiming {
  const serial = line.serial;
  if (serial === undefined || (line.kind === 'tcp' && line.framing === 'modbus-tcp')) {
    return { character: 0, silence: 0 };
  }
  return { character: characterTime(serial), silence: silenceTime(serial) };
}

/** What airtime needs to know of a poll; `Poll` of agent/core/driver.ts has it. */
export interface PollSize {
  readonly id: string;
  /** ms */
  readonly period: number;
  readonly requestBytes: number;
  readonly answerBytes: number;
}

export interface DevicePlan {
  readonly device: string;
  readonly polls: readonly PollSize[];
  /** ms; absent: supposed. */
  readonly turnaround?: number;
  /** Settings of its own; absent: the line's. */
  readonly serial?: SerialSettings;
}

/** Length of one transaction on the line, ms. */
export function transactionTime(
  { character, silence }: LineTiming,
  poll: Pick<PollSize, 'requestBytes' | 'answerBytes'>,
  turnaround: number,
): number {
  return (poll.requestBytes + poll.answerBytes) * character + 2 * silence + turnaround;
}

export interface PollLoad {
  readonly device: string;
  readonly poll: string;
  /** ms */
  readonly period: number;
  /** One transaction, ms. */
  readonly time: number;
  /** Part of the line it takes, 0 … */
  readonly load: number;
}

export interface LineLoad {
  readonly line: string;
  /** 1 is all of the line. */
  readonly load: number;
  readonly requestsPerSecond: number;
  /** Heaviest first. */
  readonly polls: readonly PollLoad[];
  /** Factor by which all periods must grow for the plan to fill 90 % of the line; 1 where it fits. */
  readonly stretch: number;
}

/** Part of a line that a plan may fill: the rest is for commands, probes of silent devices and repeated requests. */
export const COMFORTABLE_LOAD = 0.9;

/** Load of a line from its plan. Over TCP as many transactions at a time are supposed as the line pipelines. */
export function lineLoad(line: LineConfig, plans: readonly DevicePlan[]): LineLoad {
  const supposed = {
    serial: SUPPOSED_TURNAROUND,
    tcp: SUPPOSED_ROUND_TRIP,
    udp: SUPPOSED_ROUND_TRIP,
    'dial-in': SUPPOSED_MOBILE,
    caller: SUPPOSED_MOBILE,
    // Nobody is asked there.
    mqtt: 0,
    network: 0,
    http: 0,
    ocpp: 0,
  }[line.kind];
  const atOnce = (line.kind === 'tcp' && line.pipeline) || 1;
  const polls = plans
    .flatMap(({ device, polls, turnaround = supposed, serial = line.serial }) => {
      const timing = lineTiming(
        serial === undefined || line.serial === undefined ? line : { ...line, serial },
      );
      return polls.map((poll): PollLoad => {
        const time = transactionTime(timing, poll, turnaround);
        return { device, poll: poll.id, period: poll.period, time, load: time / poll.period / atOnce };
      });
    })
    .sort((a, b) => b.load - a.load);
  const load = polls.reduce((sum, poll) => sum + poll.load, 0);
  return {
    line: line.id,
    load,
    requestsPerSecond: polls.reduce((sum, poll) => sum + 1000 / poll.period, 0),
    polls,
    stretch: load > COMFORTABLE_LOAD ? load / COMFORTABLE_LOAD : 1,
  };
}

/** A plan that does not fit its line: the numbers, and what to change. */
export interface Overload {
  readonly message: string;
  readonly fix: string;
}

/** What `kerbside check` says of a plan; undefined where it fits (at most 100 %). */
export function overload(
  line: LineConfig,
  plans: readonly DevicePlan[],
  load = lineLoad(line, plans),
): Overload | undefined {
  if (load.load <= 1) return undefined;
  const heaviest = load.polls
    .slice(0, 3)
    .map((p) => `${p.device} ${p.poll}: ${p.time.toFixed(0)} ms every ${duration(p.period)}`);
  const ways = [`read at ${load.stretch.toFixed(1)} times the periods`];
  const faster = betterBaud(line, plans);
  if (faster !== undefined) ways.push(`set the line and its devices to ${faster} baud`);
  ways.push('move devices to a second line');
  const where = line.serial === undefined ? '' : ` at ${line.serial.baud} baud`;
  return {
    message: `plan of line ${line.id} does not fit: it needs ${percent(load.load)} of the line${where} (${load.requestsPerSecond.toFixed(1)} requests/s; ${heaviest.join('; ')})`,
    fix: `${ways.join(', or ')}.`,
  };
}

/** The lowest usual rate at which the same plan fills at most 90 %. */
function betterBaud(line: LineConfig, plans: readonly DevicePlan[]): number | undefined {
  const serial = line.serial;
  if (serial === undefined) return undefined;
  return [9600, 19_200, 38_400, 57_600, 115_200].find(
    (baud) =>
      baud > serial.baud &&
      lineLoad({ ...line, serial: { ...serial, baud } }, plans).load <= COMFORTABLE_LOAD,
  );
}

function percent(part: number): string {
  return `${(part * 100).toFixed(0)} %`;
}

function duration(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000} s` : `${ms} ms`;
}

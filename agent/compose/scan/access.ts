/**
 * How a scan gets to a line: through a port that it opens for itself, or as the guest of a line of the running agent, between its
 * polls. Either way one talker at a time.
 */
import { lineTiming } from '../../bus/airtime.ts';
import { Wire } from '../../bus/exchange.ts';
import { type LineHandle, portOf } from '../../bus/open.ts';
import type { Pipe, Port } from '../../bus/port/port.ts';
import type { Answer, Exchange, ExchangeRequest } from '../../core/link.ts';
import type { LineConfig, SerialSettings } from '../../core/site.ts';
import type { Clock } from '../../core/time/clock.ts';
import type { Stage } from './plan.ts';

/** Silence within an answer that ends it, ms; over a network the time-out alone does. */
const CUT_MS = 40;

export interface StageAccess extends AsyncDisposable {
  /** `timeout`: longest wait for an answer, ms; absent: the stage's, which is short. */
  lend(name: string, timeout?: number): Exchange;
  /** For who talks by itself; absent where the line has devices that are asked. */
  readonly pipe?: Pipe;
}

/** Rejects with `AgentError` where the port cannot be opened. */
export type OpenStage = (stage: Pick<Stage, 'line' | 'timeout'>, signal: AbortSignal) => Promise<StageAccess>;

/** Opens the port that the stage's line names, set as it says. */
export function ownPort(
  clock: Clock,
  port: (line: LineConfig) => Port = (line) => portOf(line, clock),
): OpenStage {
  return async ({ line, timeout }, signal) => {
    await using stack = new AsyncDisposableStack();
    const pipe = stack.use(await port(line).open(signal));
    // Made when somebody asks: whoever talks by itself is listened to before.
    let wire: Wire | undefined;
    const made = () => {
      wire ??= new Wire({
        pipe,
        timing: lineTiming(line),
        ...(line.serial === undefined ? {} : { serial: line.serial }),
        timeout,
        cut: line.kind === 'serial' ? CUT_MS : timeout,
        clock,
      });
      return wire;
    };
    stack.defer(() => wire?.[Symbol.dispose]());
    const owned = stack.move();
    return {
      pipe,
      lend: (name, longest = timeout) => {
        const { exchange } = made().lend(name);
        return (request, abort) => exchange({ ...request, timeout: request.timeout ?? longest }, abort);
      },
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  };
}

/** A request of somebody who is no device of the line. */
export interface GuestRequest {
  readonly name: string;
  readonly request: ExchangeRequest;
  /** Settings to ask at; absent: as the line is. */
  readonly serial?: SerialSettings;
}

/** Asks once in a turn of its own on a running line. Rejects with `AgentError` as an exchange does. */
export type Guest = (asked: GuestRequest, signal: AbortSignal) => Promise<Answer>;

/** Each request is a visit of its own, so that polls come in between. */
export function guestOn(line: Pick<LineHandle, 'visit'>): Guest {
  return ({ name, request, serial }, signal) =>
    line.visit(
      { id: name, ...(serial === undefined ? {} : { serial }) },
      (exchange, limit) => exchange(request, limit),
      signal,
    );
}

/** Asks through a running line, at the stage's settings where its port can be set. */
export function throughLine(guest: Guest): OpenStage {
  return async ({ line, timeout }) => ({
    lend:
      (name, longest = timeout) =>
      (request, signal) =>
        guest(
          {
            name,
            request: { ...request, timeout: request.timeout ?? longest },
            ...(line.serial === undefined ? {} : { serial: line.serial }),
          },
          signal,
        ),
    [Symbol.asyncDispose]: async () => {},
  });
}

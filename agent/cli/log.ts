/** The log of the process: JSON lines on stderr by pino, with secrets masked wherever they turn up. */
import { destination, type Logger, pino } from 'pino';
import type { Facts, Log } from '../core/log.ts';
import { recentLog } from '../core/recent-log.ts';
import type { Level } from './level.ts';

export interface LogOptions {
  readonly level: Level;
  /** Texts that never appear, whatever field they are in. */
  readonly secrets: readonly string[];
  /** File descriptor or path. Default: stderr. */
  readonly to?: number | string;
}

const SECRET_KEYS = ['password', 'passphrase', 'secret', 'token', 'ticket', 'cookie', 'authorization', 'key'];
/** A shorter secret would tear holes into ordinary words. */
const SHORTEST_MASKED = 4;

export interface ProcessLog extends Log {
  /** Masks these too from now on: a changed site file may name other secrets. */
  mask(secrets: readonly string[]): void;
}

/** Writes synchronously: the last line before a crash is the one that is needed. */
export function createLog({ level, secrets, to = 2 }: LogOptions): ProcessLog {
  let masked: readonly string[] = [];
  const add = (more: readonly string[]) => {
    const texts = more
      .filter((secret) => secret.length >= SHORTEST_MASKED)
      // As they stand in a JSON text: a PEM has line breaks.
      .map((secret) => JSON.stringify(secret).slice(1, -1));
    recentLog.knows(more);
    masked = [...new Set([...masked, ...texts])].sort((a, b) => b.length - a.length);
  };
  add(secrets);
  const mask = (line: string) => {
    const safe = masked.reduce((text, secret) => text.replaceAll(secret, '***'), line);
    recentLog.add(safe);
    return safe;
  };
  const logger = pino(
    {
      level,
      base: null,
      messageKey: 'event',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`]), censor: '***' },
      hooks: { streamWrite: mask },
    },
    destination({ dest: to, sync: true }),
  );
  return { ...wrap(logger), mask: add };
}

function wrap(logger: Logger): Log {
  return {
    debug: (event, facts = {}) => logger.debug(readable(facts), event),
    info: (event, facts = {}) => logger.info(readable(facts), event),
    warn: (event, facts = {}) => logger.warn(readable(facts), event),
    error: (event, facts = {}) => logger.error(readable(facts), event),
    with: (facts) => wrap(logger.child(readable(facts))),
  };
}

/** Errors among the facts become their message: JSON has nothing else for them. */
function readable(facts: Facts): Record<string, unknown> {
  const entries = Object.entries(facts).map(([key, value]) => [
    key,
    value instanceof Error ? value.message : value,
  ]);
  return Object.fromEntries(entries);
}

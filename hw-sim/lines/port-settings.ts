/**
 * What the master's port is set to. A pseudo-terminal carries bytes at any rate, but its kernel keeps the rate that was
 * set; parity it throws away (Linux, pty_set_termios), so that odd or even cannot be seen here.
 */
import { execFileSync } from 'node:child_process';
import type { UartSettings } from './uart.ts';

/** Rate of the terminal at `path` now; `format` is taken as given. Throws where `stty` is missing or it is no terminal. */
export function portSettings(path: string, format = '8N1'): UartSettings {
  const text = execFileSync('stty', ['-F', path, 'speed'], { encoding: 'utf8', timeout: 5000 });
  const baud = Number(text.trim());
  if (!(baud > 0)) throw new Error(`settings of ${path} cannot be read: stty said "${text.trim()}"`);
  return { baud, format };
}

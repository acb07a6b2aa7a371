/** The answer to the random sequence of the centre: hex of MD5 over the sequence and the shared secret behind it. */
import { createHash } from 'node:crypto';

export function md5Of(
  sequence: string,
  secret: string,
  order: 'secret-last' | 'secret-first' = 'secret-last',
): string {
  const text = order === 'secret-last' ? sequence + secret : secret + sequence;
  return createHash('md5').update(text, 'utf8').digest('hex');
}

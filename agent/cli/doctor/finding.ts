/** What an examination of the machine found. */

export interface Finding {
  /** What was looked at: `port /dev/ttyUSB0`, `clock`. */
  readonly about: string;
  /** `unknown`: this machine does not tell. */
  readonly state: 'ok' | 'warning' | 'fault' | 'unknown';
  /** One sentence with the facts. */
  readonly says: string;
  /** What to do; with every warning and fault. */
  readonly fix?: string;
}

export const fine = (about: string, says: string): Finding => ({ about, state: 'ok', says });
export const unknown = (about: string, says: string): Finding => ({ about, state: 'unknown', says });
export const warning = (about: string, says: string, fix: string): Finding => ({
  about,
  state: 'warning',
  says,
  fix,
});
export const fault = (about: string, says: string, fix: string): Finding => ({
  about,
  state: 'fault',
  says,
  fix,
});

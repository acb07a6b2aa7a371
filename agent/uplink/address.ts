/** Addresses as they may be shown. */

/** The address without user, password and query: any of them may hold a secret. */
export function withoutSecrets(url: string): string {
  try {
    const parsed = new URL(url);
    parsed.username = '';
    parsed.password = '';
    parsed.search = '';
    return parsed.href;
  } catch {
    return 'of this uplink';
  }
}

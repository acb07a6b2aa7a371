/** Takes secrets out of what leaves the machine for people to read: those that are known, and what looks like one. */

/** A shorter secret would tear holes into ordinary words; one that short is found by the name of its key. */
const SHORTEST = 4;
const MASK = '***';
const SECRET_KEY =
  /pass(word|phrase|wd)?|secret|token|ticket|cookie|authorization|community|credential|pin$|(^|[_-])key$|private|psk/i;
/** Names that look like it and are none: the public half of a key, ids. */
const OPEN_KEY = /^(public|keyid|key_id|keys|secrets)$/i;

/** A function that masks `secrets`, in the form they have in JSON and URLs too, private keys, and passwords of URLs. */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const forms = secrets
    .filter((secret) => secret.length >= SHORTEST)
    .flatMap((secret) => [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      // As recorded frames show bytes.
      Buffer.from(secret).toString('hex'),
      Buffer.from(secret).toString('base64'),
    ]);
  const known = [...new Set(forms)].sort((a, b) => b.length - a.length);
  return (text) => {
    const without = known.reduce((rest, secret) => rest.replaceAll(secret, MASK), text);
    return (
      without
        .replace(/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, MASK)
        // From the colon on: a scheme looked for in a long run of letters costs its square.
        .replace(/:\/\/[^\s/@"']{0,256}:[^\s/@"']{0,256}@/g, `://${MASK}@`)
        .replace(
          /([?&][\w-]*(?:token|secret|passw(?:or)?d|pwd|key|sig|signature|code)=)[^&\s"'#]+/gi,
          `$1${MASK}`,
        )
        .replace(/\b(Bearer|Basic)\s+[A-Za-z0-9+/=._~-]{6,}/g, `$1 ${MASK}`)
        .replace(
          /^(\s*(?:-\s*)?["']?([A-Za-z_-]+)["']?\s*:\s*)(?!["']?(?:\$\{|file:))(\S.*)$/gm,
          (all, head, key, rest) =>
            isSecretKey(key) && !/^[[{|>]/.test(rest) ? `${head}${masked(rest)}` : all,
        )
    );
  };
}

/** JSON of anything, with the values of keys that name a secret masked, whatever they are. */
export function redactedJson(value: unknown, redact: (text: string) => string): string {
  const masked = JSON.stringify(
    value,
    (key, inner: unknown) => (isSecretKey(key) && inner !== null && typeof inner !== 'object' ? MASK : inner),
    1,
  );
  return redact(masked ?? 'null');
}

/** In quotes where it was, so that JSON stays JSON. */
function masked(value: string): string {
  return value.startsWith('"') ? `"${MASK}"${value.trimEnd().endsWith(',') ? ',' : ''}` : MASK;
}

function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key) && !OPEN_KEY.test(key);
}

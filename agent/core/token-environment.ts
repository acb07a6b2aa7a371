/** What of our environment the libraries of tokens are set up by. Nothing else is handed on: secrets of the site may be in it. */
const HANDED_ON =
  /^(PATH|HOME|LANG|LC_ALL|TZ|TMPDIR|XDG_\w+|(P11|PKCS11|SOFTHSM|TPM2|TSS2|OPENSC|PCSC|OPTIGA|ATECC|CRYPTOAUTH)\w*)$/;

export function tokenEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => HANDED_ON.test(name)));
}

/** OpenSSL's engine for PKCS #11 (libp11), which Debian's package libengine-pkcs11-openssl brings. */
import { existsSync } from 'node:fs';

const TRIPLETS: Readonly<Record<string, string>> = {
  x64: 'x86_64-linux-gnu',
  arm64: 'aarch64-linux-gnu',
};

export const ENGINE_PACKAGE = 'libengine-pkcs11-openssl';

/** Path of the engine on this machine; undefined where there is none. */
export function enginePath(arch: string = process.arch): string | undefined {
  const folders = [`/usr/lib/${TRIPLETS[arch] ?? arch}`, '/usr/lib64', '/usr/lib'];
  return folders.map((folder) => `${folder}/engines-3/pkcs11.so`).find((path) => existsSync(path));
}

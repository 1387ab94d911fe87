// TLS for the proxy's server: reads the certificate files, and takes new ones into use while it runs.
//   R1  Without a certificate the server speaks plain HTTP, as Ray Serve's does, whatever else is set (reference 2.2).
//   R2  A file that cannot be used fails the start by name. Later it changes nothing: the certificate before it stays.
import { readFileSync, statSync } from "node:fs";
import type { Server } from "node:https";
import type { SecureContextOptions } from "node:tls";
import type { Cancel, Clock } from "../core/clock.ts";
import { describeThrown, ServeError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { HttpListen } from "../protocol/control.ts";

/** How often the files are looked at. Chosen: a renewed certificate has days of overlap. */
const LOOK_MS = 5_000;

/** Where a server's certificate comes from. */
export type TlsFiles = Pick<HttpListen, "sslCertfile" | "sslKeyfile" | "sslKeyfilePassword" | "sslCaCerts">;

/**
 * What the files hold; undefined without a certificate (R1).
 * @throws {ServeError} ENGINE naming the file that is missing, or the pair that does not fit (R2)
 */
export function readTls(files: TlsFiles): SecureContextOptions | undefined {
  const { sslCertfile, sslKeyfile, sslKeyfilePassword, sslCaCerts } = files;
  if (sslCertfile === null) return undefined;
  const { createSecureContext } = process.getBuiltinModule("node:tls"); // 5 MB that few need, so not above
  const options: SecureContextOptions = {
    cert: read("ssl_certfile", sslCertfile),
    ...(sslKeyfile === null ? {} : { key: read("ssl_keyfile", sslKeyfile) }),
    ...(sslKeyfilePassword === null ? {} : { passphrase: sslKeyfilePassword }),
    ...(sslCaCerts === null ? {} : { ca: read("ssl_ca_certs", sslCaCerts) }),
  };
  try {
    createSecureContext(options);
  } catch (cause) {
    const names = [sslCertfile, sslKeyfile, sslCaCerts].filter((name) => name !== null).join(", ");
    throw tlsError(`the certificate cannot be used (${describeThrown(cause)}): ${names}`, cause);
  }
  return options;
}

/** Looks for new files and takes them into use, for connections that begin then (R2). */
export function reloadTls(server: Server, files: TlsFiles, logger: Logger, clock: Clock): Cancel {
  let seen = stampOf(files);
  return clock.every(
    LOOK_MS,
    () => {
      const stamp = stampOf(files);
      if (stamp === seen) return;
      seen = stamp;
      try {
        const options = readTls(files);
        if (options !== undefined) server.setSecureContext(options);
        logger.info("http.certificate_reloaded", { file: files.sslCertfile });
      } catch (error) {
        logger.error("http.certificate_kept", { reason: `the one before stays in use: ${describeThrown(error)}` });
      }
    },
    false,
  );
}

function read(option: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw tlsError(`http_options.${option}: cannot read ${file} (${describeThrown(cause)})`, cause);
  }
}

/** Changes when one of the files does; a file that is missing for a moment is a change, too. */
function stampOf({ sslCertfile, sslKeyfile, sslCaCerts }: TlsFiles): string {
  return [sslCertfile, sslKeyfile, sslCaCerts]
    .map((file) => {
      const stat = file === null ? undefined : statSync(file, { throwIfNoEntry: false });
      return stat === undefined ? "" : `${stat.ino}:${stat.size}:${stat.mtimeMs}`;
    })
    .join();
}

function tlsError(message: string, cause: unknown): ServeError {
  return new ServeError("ENGINE", message, {}, { cause, retryable: false });
}

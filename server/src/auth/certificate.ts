import { X509Certificate, createPrivateKey } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { isIP } from 'node:net'
import { createSecureContext } from 'node:tls'
import { TandemError, messageOf, type Clock, type Log, type Settings } from '@tandem/shared'

/** A certificate chain with its key, PEM. */
type Pair = { cert: string; key: string }

export type Certificate = {
  /** As it was read last. */
  pair(): Pair
  /** The pair where its files have changed since it was read last; one that cannot be used is told and left alone. */
  renewed(): Pair | undefined
  /** Whether it is for that host, a name or an address. */
  isFor(host: string): boolean
  /** The names and addresses it is for. */
  names(): string[]
}

/**
 * The certificate that the settings name, if any. Throws `config-invalid` naming the file that cannot be used: when the
 * person is still at the terminal, and not at the first handshake.
 */
export function openCertificate(
  { tlsCert, tlsKey }: Pick<Settings, 'tlsCert' | 'tlsKey'>,
  { clock, log }: { clock: Clock; log: Log },
): Certificate | undefined {
  if (tlsCert === undefined && tlsKey === undefined) return undefined
  if (tlsCert === undefined || tlsKey === undefined) {
    const [given, missing] = tlsKey === undefined ? ['--tls-cert', '--tls-key'] : ['--tls-key', '--tls-cert']
    throw new TandemError('config-invalid', { reason: `${given} needs ${missing} beside it` })
  }
  const files = { cert: tlsCert, key: tlsKey }
  let stamp = stampOf(files)
  let { pair, leaf } = readPair(files)
  if (leaf.validToDate.getTime() < clock.now()) {
    log.warn('certificate has expired', { reason: `${tlsCert} was valid until ${leaf.validTo}` })
  }
  return {
    pair: () => pair,
    renewed: () => {
      try {
        const now = stampOf(files)
        if (now === stamp) return undefined
        stamp = now
        ;({ pair, leaf } = readPair(files))
      } catch (e) {
        // Half of the pair may be written yet; the next change is looked at again, and the old one serves on.
        log.warn('certificate not renewed', { reason: messageOf(e) })
        return undefined
      }
      log.info('certificate renewed', { validUntil: leaf.validToDate.toISOString() })
      return pair
    },
    isFor: (host) => isFor(leaf, host),
    names: () => namesOf(leaf),
  }
}

const isFor = (leaf: X509Certificate, host: string): boolean => {
  const bare = host.replace(/^\[|\]$/g, '')
  return (isIP(bare) === 0 ? leaf.checkHost(bare) : leaf.checkIP(bare)) !== undefined
}

/** Of `DNS:a.example, IP Address:10.0.0.1`; the subject alone is no name that clients go by. */
const namesOf = (leaf: X509Certificate): string[] =>
  [...(leaf.subjectAltName ?? '').matchAll(/(?:DNS|IP Address):([^,\s]+)/g)].map(([, name]) => name ?? '')

function readPair(files: { cert: string; key: string }): { pair: Pair; leaf: X509Certificate } {
  const refuse = (reason: string, e?: unknown): never => {
    throw new TandemError('config-invalid', { reason }, e)
  }
  const read = (file: string, what: string) => {
    try {
      return readFileSync(file, 'utf8')
    } catch (e) {
      return refuse(`the ${what} ${file} cannot be read: ${messageOf(e)}`, e)
    }
  }
  const parse = <T>(call: () => T, says: string): T => {
    try {
      return call()
    } catch (e) {
      return refuse(says, e)
    }
  }
  const pair = { cert: read(files.cert, 'certificate'), key: read(files.key, 'key of the certificate') }
  const leaf = parse(() => new X509Certificate(pair.cert), `${files.cert} does not hold a certificate (PEM)`)
  const key = parse(() => createPrivateKey(pair.key), `${files.key} does not hold a private key (PEM, no passphrase)`)
  if (!leaf.checkPrivateKey(key)) refuse(`the key ${files.key} is not that of the certificate ${files.cert}`)
  parse(() => createSecureContext(pair), `the certificate ${files.cert} cannot be used with this version of Node`)
  return { pair, leaf }
}

/** Changes with every way of replacing a file. A file that is gone for a moment is a change too. */
const stampOf = ({ cert, key }: { cert: string; key: string }): string =>
  [cert, key]
    .map((file) => statSync(file, { throwIfNoEntry: false, bigint: true }))
    .map((s) => `${s?.ino}:${s?.mtimeNs}:${s?.ctimeNs}:${s?.size}`)
    .join()

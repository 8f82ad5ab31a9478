import 'reflect-metadata'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import * as x509 from '@peculiar/x509'
import { onTestFinished } from 'vitest'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const dayMs = 86_400_000

/** For tests: files of an authority, and of certificates that it issues; removed with the test. */
export async function testAuthority() {
  const folder = await mkdtemp(path.join(tmpdir(), 'tandem-tls-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const keys = await makeKeys()
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=Tandem test authority',
    notBefore: new Date(Date.now() - dayMs),
    notAfter: new Date(Date.now() + dayMs),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 1, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  })
  const ca = path.join(folder, 'ca.pem')
  await writeFile(ca, root.toString('pem'))
  let serial = 1

  /** A certificate for these names and addresses; the same file names are written over. */
  const issue = async (names: readonly string[], called = 'server') => {
    const leafKeys = await makeKeys()
    const leaf = await x509.X509CertificateGenerator.create({
      serialNumber: (++serial).toString(16).padStart(2, '0'),
      subject: 'CN=Tandem test server',
      issuer: root.subject,
      notBefore: new Date(Date.now() - dayMs),
      notAfter: new Date(Date.now() + dayMs),
      publicKey: leafKeys.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.SubjectAlternativeNameExtension(
          names.map((value) => ({ type: /^[\d.]+$|:/.test(value) ? 'ip' : 'dns', value })),
        ),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      ],
    })
    const [tlsCert, tlsKey] = [path.join(folder, `${called}.pem`), path.join(folder, `${called}.key`)]
    const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', leafKeys.privateKey)).toString('base64')
    await writeFile(tlsCert, leaf.toString('pem'))
    await writeFile(tlsKey, `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`)
    return { tlsCert, tlsKey, serial: leaf.serialNumber }
  }
  return { folder, ca, issue }
}

const makeKeys = () => crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])

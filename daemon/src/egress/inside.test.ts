import { expect, test } from 'vitest'
import { proxyEnvironment, trustOf, withoutProxy } from './inside.ts'

test('[SBX-276] programs go to the proxy for everything but their own servers, and what they were granted under those names', () => {
  expect(proxyEnvironment).toMatchObject({ no_proxy: 'localhost,127.0.0.1,::1' })
  expect(withoutProxy(['127.0.0.1', 'example.org'])).toEqual({ NO_PROXY: 'localhost,::1', no_proxy: 'localhost,::1' })
})

test('[SBX-284] whom the machine trusts its commands trust too, by what of it they can see', () => {
  const environment = {
    NODE_EXTRA_CA_CERTS: '/etc/ssl/certs/company.pem',
    SSL_CERT_DIR: '/etc/ssl/certs',
    CURL_CA_BUNDLE: '/home/me/company.pem',
    PIP_CERT: '/etc/ssl/private/key.pem',
    HTTPS_PROXY: 'http://elsewhere',
    NODE_USE_SYSTEM_CA: '1',
  }
  expect(trustOf(environment)).toEqual({
    NODE_EXTRA_CA_CERTS: '/etc/ssl/certs/company.pem',
    SSL_CERT_DIR: '/etc/ssl/certs',
    NODE_USE_SYSTEM_CA: '1',
  })
})

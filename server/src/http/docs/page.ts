import { errorTable } from '@tandem/shared'
import { html, raw } from 'hono/html'
import { closeCodes } from '../../sync/close-codes.ts'
import type { OpenApi, Operation } from '../openapi.ts'
import { boundsOf, exampleOf, shapeOf } from './shape.ts'
import { style } from './style.ts'

type Part = ReturnType<typeof html>

/** How to speak to this server, for people, from the very description that programs read. */
export function docsPage({ info, tags, paths }: OpenApi): Part {
  const operations = Object.entries(paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod).map(([method, operation]) => ({ method, path, operation: operation as Operation })),
  )
  const under = (tag: string) => operations.filter(({ operation }) => operation.tags.includes(tag))
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Tandem: the HTTP API</title>
        <style>
          ${raw(style)}
        </style>
      </head>
      <body>
        <nav aria-label="Contents">
          <a href="#sign-in">Signing in</a><a href="#files-and-versions">Files and versions</a
          ><a href="#errors">Errors</a><a href="#sockets">Sockets</a>
          ${tags.map(
            ({ name }) =>
              html`<strong>${name}</strong>${under(name).map(
                  ({ operation }) => html`<a href="#${operation.operationId}">${operation.summary}</a>`,
                )}`,
          )}
        </nav>
        <main>
          <h1>The HTTP API</h1>
          <p class="lead">Tandem ${info.version}. ${info.description}</p>
          <p>The same as a document for programs: <a href="/api/openapi.json">OpenAPI 3.1</a>.</p>
          ${basics()}
          ${tags.map(
            ({ name }) =>
              html`<h2>${name}</h2>
                ${under(name).map(routePart)}`,
          )}
        </main>
      </body>
    </html>`
}

const basics = (): Part => html`
  <h2 id="sign-in">Signing in</h2>
  <p>
    Programs send an API key: <code>Authorization: Bearer tdm_…</code>. <code>npm run tandem -- token</code> prints the
    owner’s; others are made on the page, each with a role, scopes and an end. A signed-in page uses its cookie. The
    examples below expect three variables:
  </p>
  <pre>
export TANDEM_URL=http://127.0.0.1:4310
export TANDEM_KEY=tdm_…
export WS=$(curl -s -H "authorization: Bearer $TANDEM_KEY" $TANDEM_URL/api/v1/workspaces | jq -r '.workspaces[0].id')</pre>
  <h2 id="files-and-versions">Files and versions</h2>
  <p>
    The body of a file is its bytes as they are on disk, and its <code>ETag</code> is their hash. An API key says what
    it means to replace or delete: <code>If-Match</code> with the ETag it has read, or <code>If-None-Match: *</code> for
    a new file. What others type meanwhile stays: a replacement is cut down to the smallest edits. Every answer says in
    <code>version</code>, or in the header <code>Tandem-Version</code>, where the workspace then stood.
  </p>
  <h2 id="errors">Errors</h2>
  <p>
    Every error is <code>application/problem+json</code>: <code>code</code> is for programs, <code>detail</code> says
    what was wrong, <code>hint</code> what to do, and <code>errors</code> names the fields where there are several.
    After 429 the header <code>Retry-After</code> says when to come again; <code>RateLimit-Limit</code>,
    <code>RateLimit-Remaining</code> and <code>RateLimit-Reset</code> (seconds) say on every answer how many requests
    are left.
  </p>
  <div class="table">
    <table>
      <thead>
        <tr>
          <th>Status</th>
          <th>Code</th>
          <th>What to do</th>
        </tr>
      </thead>
      <tbody>
        ${Object.entries(errorTable)
          .toSorted(([, a], [, b]) => a.http - b.http)
          .map(
            ([code, { http, hint }]) =>
              html`<tr>
                <td>${http}</td>
                <td><code>${code}</code></td>
                <td>${hint}</td>
              </tr>`,
          )}
      </tbody>
    </table>
  </div>
  <h2 id="sockets">Sockets</h2>
  <p>
    Live documents are at <code>/api/ws?ws=&lt;workspace&gt;</code>, in the protocol of Hocuspocus, one socket for all
    of them. A token for it comes from <code>POST …/access-token</code>. Programs that do not speak Yjs read
    <code>…/events</code>, and may ask <code>read-file</code>, <code>write-file</code>, <code>list-files</code> and
    <code>get-files</code> as stateless messages on their own <code>requests</code> document.
  </p>
  <div class="table">
    <table>
      <thead>
        <tr>
          <th>Close code</th>
          <th>What it means</th>
          <th>Come again?</th>
        </tr>
      </thead>
      <tbody>
        ${closeCodes.map(
          ({ code, means, comeBack }) =>
            html`<tr>
              <td>${code}</td>
              <td>${means}</td>
              <td>${comeBack}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>
`

function routePart({ method, path, operation }: { method: string; path: string; operation: Operation }): Part {
  const { summary, description, parameters, requestBody, responses } = operation
  const isError = (status: string) => Number(status) >= 400
  const answers = Object.entries(responses).filter(
    ([status, { content }]) => !isError(status) || content?.['application/json'],
  )
  const errors = Object.entries(responses).filter(([, { content }]) => content?.['application/problem+json'])
  return html`<article id="${operation.operationId}">
    <h3><span class="method ${method}">${method.toUpperCase()}</span><code>${path}</code></h3>
    <p class="summary">${summary}</p>
    ${description === undefined ? '' : html`<p class="lead">${description}</p>`}
    ${parameters.length === 0 ? '' : parameterTable(parameters)}
    ${
      requestBody
        ? html`<h4>Body</h4>
            ${contentPart(requestBody.content)}`
        : ''
    }
    ${answers.map(
      ([status, { content, description: words }]) =>
        html`<h4>${status} ${words}</h4>
          ${content ? contentPart(content) : ''}`,
    )}
    <details>
      <summary>Errors</summary>
      ${errors.map(
        ([status, { description: words }]) =>
          html`<p>${status}: ${words.split('\n').map((line) => html`${line.replaceAll('`', '')} `)}</p>`,
      )}
    </details>
    <h4>Example</h4>
    <pre class="line">${curlFor(method, path, operation)}</pre>
  </article>`
}

const parameterTable = (parameters: Operation['parameters']): Part => html`
  <h4>Parameters</h4>
  <div class="table">
    <table>
      <tbody>
        ${parameters.map(
          ({ name, in: where, required, description, schema }) =>
            html`<tr>
              <td><code>${name}</code></td>
              <td>${where}${required ? '' : ', optional'}</td>
              <td>
                ${where === 'query' ? html`<code>${shapeOf(schema)}</code> ${boundsOf(schema)}<br />` : ''}
                ${description ?? ''}
              </td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>
`

const contentPart = (content: NonNullable<Operation['requestBody']>['content']): Part => html`
  ${Object.entries(content).map(([type, { schema }]) =>
    type === 'application/json'
      ? html`<pre>${shapeOf(schema)}</pre>`
      : html`<p><code>${type}</code></p>
          ${schema['type'] === 'string' ? '' : html`<pre>${shapeOf(schema)}</pre>`}`,
  )}
`

/** One line that does it. */
function curlFor(method: string, path: string, { requestBody, security, parameters }: Operation): string {
  const route = path
    .replace('{ws}', '$WS')
    .replace('{path}', 'README.md')
    .replaceAll(/\{(\w+)\}/g, '<$1>')
  const query = parameters
    .filter((p) => p.in === 'query' && p.required)
    .map((p) => `${p.name}=${String(exampleOf(p.schema, p.name))}`)
  const json = requestBody?.content['application/json']
  const body = json
    ? [`-H 'content-type: application/json' -d '${JSON.stringify(exampleOf(json.schema))}'`]
    : requestBody
      ? ['--data-binary @README.md']
      : []
  const condition = parameters.some((p) => p.name === 'if-match') ? [`-H 'if-match: "<etag>"'`] : []
  const address = `"$TANDEM_URL${route}${query.length > 0 ? `?${query.join('&')}` : ''}"`
  return [
    'curl',
    ...(method === 'get' ? [] : [`-X ${method.toUpperCase()}`]),
    ...(security ? [] : ['-H "authorization: Bearer $TANDEM_KEY"']),
    ...condition,
    ...body,
    address,
  ].join(' ')
}

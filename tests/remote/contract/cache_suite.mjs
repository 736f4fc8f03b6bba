// Runs the public suite http-cache-tests against a gateway: its origin stands where the monitor is.
//
// Prints the origin's port; reads one line of JSON ({gateway, mount, folder, headers}) from its input; prints the
// results, one object {id: {kind, passed, said}}. Only what a test asks goes through the gateway, not its set-up.
import http from 'node:http'
import path from 'node:path'
import readline from 'node:readline'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const suite = path.join(process.argv[2], 'http-cache-tests')
const part = name => import(pathToFileURL(path.join(suite, name)).href)
const { default: handleConfig } = await part('server/handle-config.mjs')
const { default: handleState } = await part('server/handle-state.mjs')
const { default: handleTest } = await part('server/handle-test.mjs')
const { testResults } = await part('client/test.mjs')
const { default: tests } = await part('tests/index.mjs')
const fetch = createRequire(path.join(suite, 'package.json'))('node-fetch')

const notes = console.log
console.log = () => {}
const handlers = { config: handleConfig, state: handleState, test: handleTest }

const origin = http.createServer((request, response) => {
  const [where, ...rest] = new URL(request.url, 'http://origin').pathname.replace(/^\/swf-monitor\/\w+\//, '/')
    .split('/').filter(segment => segment !== '')
  // The suite numbers its requests by a field of its own, which the gateway rightly keeps; this one it passes.
  if ('x-fragment' in request.headers) request.headers['req-num'] = request.headers['x-fragment']
  if (where in handlers) {
    handlers[where](rest, request, response)
  } else {
    response.writeHead(200, { 'Content-Type': 'application/json' })
    response.end('{}')
  }
})

function throughGateway (address, settings, init) {
  const { pathname, search } = new URL(address)
  if (!pathname.startsWith('/test/')) return fetch(address, init)
  const safe = ['GET', 'HEAD', 'OPTIONS', undefined].includes(init.method)
  const number = (init.headers ?? []).find(([name]) => name === 'Req-Num')
  const headers = [...(init.headers ?? []), ...(settings.open ? [] : [['X-Fragment', number[1]]]), ...(safe ? [] : Object.entries(settings.headers))]
  const target = `${settings.gateway}${settings.mount}/${settings.folder}${pathname}${search}`
  return fetch(target, { ...init, headers, compress: false })
}

// The origin hangs up where a test says so; when it does by itself, that is a reset on a connection just in use.
origin.keepAliveTimeout = 120_000

// A monitor that hangs up on request after request counts as gone, and then nobody is let through to it for a while.
// So what hangs up runs after all the others, and does not break their set-up. A runner keeps what it once ran.
async function run (settings, base, hangsUp) {
  const { runTests } = await import(`${pathToFileURL(path.join(suite, 'client/runner.mjs'))}?hangs-up=${hangsUp}`)
  const chosen = tests.map(group => ({ ...group, tests: group.tests.filter(test => breaks(test) === hangsUp) }))
  await runTests(chosen, (address, init = {}) => throughGateway(address, settings, init), false, base, 60)
}

function breaks (test) {
  return test.requests.some(request => request.disconnect)
}

origin.listen(0, '127.0.0.1', async () => {
  const own = `http://127.0.0.1:${origin.address().port}`
  notes(String(origin.address().port))
  const [line] = await new Promise(resolve => readline.createInterface({ input: process.stdin }).once('line', text => resolve([text])))
  const settings = JSON.parse(line)
  for (const hangsUp of [false, true]) await run(settings, own, hangsUp)
  const kinds = Object.fromEntries(tests.flatMap(group => group.tests).map(test => [test.id, test.kind ?? 'required']))
  const results = Object.entries(testResults).map(([id, said]) =>
    [id, { kind: kinds[id], passed: said === true, said: said === true ? '' : said.join(': ') }])
  // A pipe takes 64 KiB at once; the rest would be lost at the exit.
  process.stdout.write(`${JSON.stringify(Object.fromEntries(results))}\n`, () => process.exit(0))
})

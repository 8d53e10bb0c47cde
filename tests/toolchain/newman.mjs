// Proves that a generated Postman collection runs green against a server.
//
//   node newman.mjs COLLECTION ENVIRONMENT [--base-url URL] [--base-url-variable NAME]
//                   [--env-var NAME=VALUE]… [--folder NAME]… [--bail] [--request-timeout MS] [--delay-request MS]
//
// --base-url replaces the environment's variable of that name (default: baseUrl). A collection whose
// tests assert nothing fails, and so does one with a request that nothing was asserted of.

import { readInput } from './lib/documents.mjs';
import { CannotRun, check, tool } from './lib/verdict.mjs';

const usage = 'node newman.mjs COLLECTION ENVIRONMENT [--base-url URL] [--env-var NAME=VALUE]… [--folder NAME]… [--bail]';

await check(
  {
    usage,
    options: {
      'base-url': { type: 'string' },
      'base-url-variable': { type: 'string', default: 'baseUrl' },
      'env-var': { type: 'string', multiple: true, default: [] },
      folder: { type: 'string', multiple: true },
      bail: { type: 'boolean', default: false },
      'request-timeout': { type: 'string', default: '30000' },
      'delay-request': { type: 'string', default: '0' },
      'allow-unasserted': { type: 'boolean', default: false },
    },
    atLeast: 2,
    seconds: 900,
  },
  async ({ values, positionals }) => {
    const collection = await readInput(positionals[0]);
    const environment = await readInput(positionals[1]);
    const variables = values['env-var'].map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new CannotRun(`--env-var takes NAME=VALUE, not ${pair}`);
      return { key: pair.slice(0, at), value: pair.slice(at + 1) };
    });
    if (values['base-url'] !== undefined) {
      variables.push({ key: values['base-url-variable'], value: values['base-url'].replace(/\/$/, '') });
    }
    return judge(
      await run({
        collection,
        environment,
        envVar: variables,
        folder: values.folder,
        bail: values.bail,
        timeoutRequest: Number(values['request-timeout']),
        delayRequest: Number(values['delay-request']),
        timeoutScript: 30_000,
        reporters: [],
        color: 'off',
      }),
      values['allow-unasserted'],
    );
  },
);

async function run(options) {
  const { default: newman } = await tool('newman');
  return new Promise((resolve, reject) => {
    newman.run(options, (error, summary) => (error ? reject(error) : resolve(summary)));
  });
}

function judge(summary, allowUnasserted) {
  const { stats, timings, executions, failures, error } = summary.run;
  const requests = executions.map(({ item, request, response, assertions = [], requestError }) => ({
    name: item.name,
    method: request?.method,
    url: request?.url?.toString(),
    status: response?.code,
    ...refusal(response),
    milliseconds: response?.responseTime,
    assertions: assertions.length,
    failed: assertions.filter((one) => one.error).length,
    skipped: assertions.filter((one) => one.skipped).length,
    ...(requestError ? { error: requestError.message } : {}),
  }));
  const asserted = stats.assertions.total - requests.reduce((sum, one) => sum + one.skipped, 0);
  const unasserted = requests.filter((one) => one.assertions === one.skipped).map((one) => one.name);
  return {
    ok: !error && failures.length === 0 && asserted > 0 && (allowUnasserted || unasserted.length === 0),
    totals: {
      requests: stats.requests.total,
      failedRequests: stats.requests.failed,
      assertions: stats.assertions.total,
      failedAssertions: stats.assertions.failed,
      scripts: stats.scripts.total,
      failedScripts: stats.scripts.failed,
    },
    milliseconds: timings.completed - timings.started,
    ...(error ? { error: String(error.message ?? error) } : {}),
    failures: failures.map(({ error, at, source, parent }) => ({
      request: source?.name ?? null,
      folder: parent?.name ?? null,
      at,
      test: error?.test ?? null,
      message: String(error?.message ?? error),
    })),
    unasserted,
    requests,
  };
}

/** The code of an answer that is an error envelope. */
function refusal(response) {
  if (response === undefined || response.code < 400) return {};
  try {
    const code = response.json()?.error?.code;
    return code === undefined ? {} : { code };
  } catch {
    return {};
  }
}

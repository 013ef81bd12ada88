// Runs the steps of a client: a line of JSON on standard input for each, a line with its result, or
// with the error that the client reported, on standard output.

import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

// What clients print for people must not get between the answers.
const answer = value => writeSync(1, `${JSON.stringify(value)}\n`);
console.log = console.debug = console.info = console.error;
process.stdout.write = process.stderr.write.bind(process.stderr);

const { connect } = await import(pathToFileURL(process.argv[2]));
const steps = await connect({
  url: process.env.KEYSTEWARD_URL,
  clientId: process.env.CLIENT_ID,
  clientSecret: process.env.CLIENT_SECRET
});

// The status of a refusal: clients wrap the error of their HTTP library, some more than once.
function statusOf(error) {
  for (let each = error; each; each = each.cause ?? each.rootCause) {
    const status = each.statusCode ?? each.response?.status;
    if (status !== undefined) return { status, data: each.responseData ?? each.response?.data };
  }
  return {};
}

for await (const line of createInterface({ input: process.stdin })) {
  const { step, arguments: given } = JSON.parse(line);
  try {
    answer({ result: (await steps[step](...given)) ?? null });
  } catch (error) {
    const { status, data } = statusOf(error);
    answer({ error: `${error?.stack ?? error} ${JSON.stringify(data) ?? ''}`, status });
  }
}

// Runs one example as it stands. Standard input has an order:
//   base, sessionToken, filePaths   see page.mjs
//   code                            the example
//   defines                         the function or class that it defines, if it does no more than that
//   driver, given                   a module whose default export puts that to use, and what it is given; without one
//                                   the function is called
// Standard output gets what was heard, what came out and what was thrown.

import { json } from "node:stream/consumers";

import { openPage } from "./page.mjs";

const AsyncFunction = (async () => {}).constructor;

const order = await json(process.stdin);
const { heard, names } = await openPage(order);
let outcome = null;
let thrown = null;
try {
  // the examples await and return at their top level, as if they stood in an async function
  const ending = order.defines ? `\nreturn ${order.defines};` : "";
  const example = new AsyncFunction(...Object.keys(names), order.code + ending);
  outcome = await example(...Object.values(names));
  if (order.driver) {
    const { default: drive } = await import(order.driver);
    outcome = await drive(outcome, names, order.given);
  } else if (order.defines) {
    outcome = await outcome();
  }
} catch (error) {
  thrown = String(error.stack ?? error);
}
process.stdout.write(JSON.stringify({ ...heard, outcome: outcome ?? null, thrown }));

// Durable steps that do nothing: what a step costs the server that keeps them.
//
// Run from the folder into which the packages were installed: node service.mjs PORT.

import http2 from "node:http2";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

// The SDK wants it, and Node.js has it from 22 on.
Promise.withResolvers ??= function () {
  const pending = {};
  pending.promise = new Promise((resolve, reject) => Object.assign(pending, { resolve, reject }));
  return pending;
};

const packages = createRequire(join(process.cwd(), "package.json"));
const restate = await import(pathToFileURL(packages.resolve("@restatedev/restate-sdk")));

async function steps(context, count) {
  for (let step = 0; step < count; step++) {
    await context.run(() => step);
  }
  return count;
}

const bench = restate.service({
  name: "Bench",
  handlers: {
    one: (context) => steps(context, 1),
    five: (context) => steps(context, 5),
  },
});
const endpoint = restate.createEndpointHandler({ services: [bench] });
http2.createServer(endpoint).listen(Number(process.argv[2]), "127.0.0.1");

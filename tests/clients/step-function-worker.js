// A worker written with the npm package step-function-worker: answers with the sum of its
// input's numbers, until it is stopped.
const path = require('path');
const { createRequire } = require('module');

const [, , tools, activityArn, endpoint] = process.argv;
const Worker = createRequire(path.join(tools, 'package.json'))('step-function-worker');

const worker = new Worker({
  activityArn,
  workerName: 'npm',
  awsConfig: { region: process.env.AWS_REGION, endpoint },
  fn: (input, done, heartbeat) => {
    heartbeat();
    if (input.numbers.length === 0) {
      done(new Error('nothing to add'));
    } else {
      done(null, { sum: input.numbers.reduce((a, b) => a + b, 0) });
    }
  },
});
worker.on('error', (error) => console.error('error', error));

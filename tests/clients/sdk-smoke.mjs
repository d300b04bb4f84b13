// The AWS SDK for JavaScript, version 3: an activity's task from start to end, both synchronous
// calls, an error's name, paging and times. Prints what it saw as JSON.
import { createRequire } from 'node:module';
import path from 'node:path';

const [, , tools, roleArn] = process.argv;
const {
  SFNClient, CreateActivityCommand, CreateStateMachineCommand, DescribeExecutionCommand,
  DescribeStateMachineCommand, GetActivityTaskCommand, SendTaskSuccessCommand,
  StartExecutionCommand, StartSyncExecutionCommand, TestStateCommand,
  paginateGetExecutionHistory, paginateListActivities,
  StateMachineDoesNotExist,
} = createRequire(path.join(tools, 'package.json'))('@aws-sdk/client-sfn');

// Endpoint, region and keys come from the environment. Without the switch, StartSyncExecution and
// TestState would be sent to sync-127.0.0.1.
const sfn = new SFNClient({ disableHostPrefix: true, maxAttempts: 1 });
const send = (Command, input) => sfn.send(new Command(input));

const { activityArn } = await send(CreateActivityCommand, { name: 'js-0' });
for (const name of ['js-1', 'js-2']) await send(CreateActivityCommand, { name });
const { stateMachineArn } = await send(CreateStateMachineCommand, {
  name: 'js',
  roleArn,
  definition: JSON.stringify({
    StartAt: 'Only', States: { Only: { Type: 'Task', Resource: activityArn, End: true } },
  }),
});
const before = Date.now();
const { executionArn, startDate } = await send(StartExecutionCommand, {
  stateMachineArn, input: '{"from":"js"}',
});
const task = await send(GetActivityTaskCommand, { activityArn, workerName: 'js' });
await send(SendTaskSuccessCommand, { taskToken: task.taskToken, output: task.input });
const described = await send(DescribeExecutionCommand, { executionArn });

const events = [];
for await (const page of paginateGetExecutionHistory({ client: sfn, pageSize: 2 }, { executionArn })) {
  events.push(...page.events);
}
const activities = [];
for await (const page of paginateListActivities({ client: sfn, pageSize: 1 }, {})) {
  activities.push(...page.activities.map((activity) => activity.name));
}
const tried = await send(TestStateCommand, {
  roleArn, input: '{"a":1}', definition: '{"Type":"Pass","Result":7,"ResultPath":"$.b","End":true}',
});
const express = await send(CreateStateMachineCommand, {
  name: 'js-express',
  roleArn,
  type: 'EXPRESS',
  definition: '{"StartAt":"Only","States":{"Only":{"Type":"Pass","ResultPath":"$.b","Result":7,"End":true}}}',
});
const synchronous = await send(StartSyncExecutionCommand, {
  stateMachineArn: express.stateMachineArn, name: 'at-once', input: '{"a":1}',
});
let refused;
try {
  await send(DescribeStateMachineCommand, { stateMachineArn: `${stateMachineArn}-not` });
} catch (error) {
  refused = {
    name: error.name,
    typed: error instanceof StateMachineDoesNotExist,
    status: error.$metadata.httpStatusCode,
    requestId: typeof error.$metadata.requestId === 'string',
  };
}
console.log(JSON.stringify({
  input: task.input,
  status: described.status,
  output: described.output,
  // Milliseconds survive: the date is of the second in which it was made, at the least.
  started: startDate instanceof Date && Math.abs(startDate - before) < 60_000,
  types: events.map((event) => event.type),
  worker: events.find((event) => event.activityStartedEventDetails)
    ?.activityStartedEventDetails.workerName,
  activities,
  tried: { status: tried.status, output: tried.output },
  synchronous: {
    status: synchronous.status,
    output: synchronous.output,
    name: synchronous.name,
    included: synchronous.outputDetails.included,
    ended: synchronous.stopDate >= synchronous.startDate,
  },
  refused,
}));

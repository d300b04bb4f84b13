// The AWS SDK for Go, version 2, as Debian has it: an activity's task from start to end, a
// synchronous execution, an error's name and paging. Prints what it saw as JSON.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	ctx := context.Background()
	endpoint, role := os.Args[1], os.Args[2]
	client := sfn.New(sfn.Options{
		Region:      os.Getenv("AWS_REGION"),
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		// Immutable, or a synchronous call would be sent to sync-127.0.0.1.
		EndpointResolver: sfn.EndpointResolverFunc(
			func(string, sfn.EndpointResolverOptions) (aws.Endpoint, error) {
				return aws.Endpoint{URL: endpoint, HostnameImmutable: true}, nil
			}),
	})

	activity, err := client.CreateActivity(ctx, &sfn.CreateActivityInput{Name: aws.String("go")})
	must(err)
	machine, err := client.CreateStateMachine(ctx, &sfn.CreateStateMachineInput{
		Name:    aws.String("go"),
		RoleArn: aws.String(role),
		Definition: aws.String(`{"StartAt":"Only","States":{"Only":{"Type":"Task","End":true,` +
			`"Resource":"` + *activity.ActivityArn + `"}}}`),
	})
	must(err)
	started, err := client.StartExecution(ctx, &sfn.StartExecutionInput{
		StateMachineArn: machine.StateMachineArn, Input: aws.String(`{"from":"go"}`),
	})
	must(err)
	task, err := client.GetActivityTask(ctx, &sfn.GetActivityTaskInput{
		ActivityArn: activity.ActivityArn, WorkerName: aws.String("go"),
	})
	must(err)
	_, err = client.SendTaskSuccess(ctx, &sfn.SendTaskSuccessInput{
		TaskToken: task.TaskToken, Output: task.Input,
	})
	must(err)
	described, err := client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{
		ExecutionArn: started.ExecutionArn,
	})
	must(err)

	var events []types.HistoryEventType
	pages := sfn.NewGetExecutionHistoryPaginator(client, &sfn.GetExecutionHistoryInput{
		ExecutionArn: started.ExecutionArn, MaxResults: 2,
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		must(err)
		for _, event := range page.Events {
			events = append(events, event.Type)
		}
	}

	express, err := client.CreateStateMachine(ctx, &sfn.CreateStateMachineInput{
		Name:       aws.String("go-express"),
		RoleArn:    aws.String(role),
		Type:       types.StateMachineTypeExpress,
		Definition: aws.String(`{"StartAt":"A","States":{"A":{"Type":"Pass","Result":7,"End":true}}}`),
	})
	must(err)
	synchronous, err := client.StartSyncExecution(ctx, &sfn.StartSyncExecutionInput{
		StateMachineArn: express.StateMachineArn,
	})
	must(err)

	_, err = client.DescribeActivity(ctx, &sfn.DescribeActivityInput{
		ActivityArn: aws.String(*activity.ActivityArn + "-not"),
	})
	var absent *types.ActivityDoesNotExist
	must(json.NewEncoder(os.Stdout).Encode(map[string]interface{}{
		"input":       *task.Input,
		"status":      described.Status,
		"output":      *described.Output,
		"types":       events,
		"synchronous": []string{string(synchronous.Status), *synchronous.Output},
		"refused":     errors.As(err, &absent),
	}))
}

// Package sts is the Security Token Service that Cairn itself is.
package sts

import (
	"context"
	"net/http"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// Service answers STS calls. The zero value is ready for use.
type Service struct{}

// Call implements the gateway's Backend.
func (Service) Call(_ context.Context, c *awsapi.Call) (map[string]any, error) {
	switch c.Operation.Name {
	case "GetCallerIdentity":
		return map[string]any{
			"UserId":  c.Caller.PrincipalID,
			"Account": c.AccountID,
			"Arn":     c.Caller.ARN,
		}, nil
	default:
		return nil, &awsapi.Error{
			Code: "InvalidAction", Status: http.StatusBadRequest,
			Message: "This endpoint's STS does not have " + c.Operation.Name + ".",
		}
	}
}

package gateway

import (
	"context"
	"fmt"
	"net/http"

	"github.com/cairn-audit/cairn/internal/access"
	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/policy"
)

// createTags is the permission that calls need beside their own to tag what they
// make.
const createTags = "ec2:CreateTags"

// Limits on what one call may ask policies to decide. Services take at most 1000
// resources in a call, and 50 tags for each.
const (
	maxNeeds       = 10_000
	maxRequestTags = 1000
)

// tooMuch is the refusal of a call that asks for more than policies decide at once.
func (x *exchange) tooMuch() *awsapi.Error {
	code := "ValidationError"
	switch familyOf(x.request.Found) {
	case familyEC2:
		code = "InvalidParameterValue"
	case familyJSON:
		code = "ValidationException"
	case familyS3:
		code = "InvalidRequest"
	}
	return &awsapi.Error{
		Code: code, Status: http.StatusBadRequest,
		Message: fmt.Sprintf("The request names more than %d resources or %d tags.", maxNeeds, maxRequestTags),
	}
}

// Inventory knows the resources of a service that Cairn has built in.
type Inventory interface {
	// Referred returns the ARN and the tags of the resource that a call of an
	// account means by an ARN, which may hold another name than its own.
	Referred(ctx context.Context, account, arn string) (own string, tags map[string]string, ok bool, err error)
}

// Templates are what an Inventory of EC2's also knows.
type Templates interface {
	// Template returns what a launch template of EC2's holds, as
	// LaunchTemplateData, in the version that a LaunchTemplateSpecification
	// names. ok is false where there is none.
	Template(ctx context.Context, account, region string, specification map[string]any) (data map[string]any, ok bool, err error)
}

// inventory knows the resources of a service, by its id; nil where they are not
// Cairn's own.
func (x *exchange) inventory(id, signingName string) Inventory {
	if _, own := x.gateway.Routes.To(id, signingName).(builtin); !own {
		return nil
	}
	return x.gateway.Inventories[id]
}

// refer puts the resource's own ARN into a permission that a call needs, where the
// call may name it otherwise, and returns its tags.
func (x *exchange) refer(ctx context.Context, need *access.Access) (map[string]string, error) {
	if entity, ok := x.subject.named[need.Resource]; ok {
		tags := make(map[string]string, len(entity.Tags))
		for _, t := range entity.Tags {
			tags[t.Key] = t.Value
		}
		return tags, nil
	}
	inventory := x.inventory(x.serviceID(), x.call.SigningName)
	if inventory == nil {
		return nil, nil
	}
	arn, tags, ok, err := inventory.Referred(ctx, x.call.AccountID, need.Resource)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", need.Resource, err)
	}
	if ok {
		need.Resource = arn
	}
	return tags, nil
}

// addKeys sets the condition keys that differ from one to another of the
// permissions that a call needs: the tags that it asks for ("Controlling access
// to AWS resources using tags"), and what is known of the resource: its tags, and
// the permissions boundary of an entity of IAM.
func (x *exchange) addKeys(r *policy.Request, of *asked, tags map[string]string) error {
	values, keys := access.RequestTags(of.params, r.Resource)
	if len(keys) > maxRequestTags {
		return x.tooMuch()
	}
	tagging := r.Action == createTags && of.operation != "CreateTags"
	boundary, _ := x.call.Params["PermissionsBoundary"].(string)
	if boundary == "" {
		boundary = x.subject.named[r.Resource].Boundary
	}
	if len(keys)+len(tags) == 0 && !tagging && boundary == "" {
		return nil
	}
	r.Context = r.Context.Clone()
	for key, value := range values {
		r.Context.Set("aws:RequestTag/"+key, value)
	}
	if len(keys) > 0 {
		r.Context.Set("aws:TagKeys", keys...)
	}
	if tagging {
		r.Context.Set("ec2:CreateAction", of.operation)
	}
	prefix := x.gateway.Access.Prefix(of.service)
	for key, value := range tags {
		r.Context.Set("aws:ResourceTag/"+key, value)
		r.Context.Set(prefix+":ResourceTag/"+key, value)
	}
	if boundary != "" && x.serviceID() == "iam" {
		r.Context.Set("iam:PermissionsBoundary", boundary)
	}
	return nil
}

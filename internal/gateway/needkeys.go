package gateway

import (
	"github.com/cairn-audit/cairn/internal/access"
	"github.com/cairn-audit/cairn/internal/policy"
)

// createTags is the permission that calls need beside their own to tag what they
// make.
const createTags = "ec2:CreateTags"

// addKeys sets the condition keys that differ from one to another of the
// permissions that a call needs: the tags that it asks for ("Controlling access
// to AWS resources using tags"), and what is known of the entity of IAM that it
// is about.
func (x *exchange) addKeys(r *policy.Request) {
	values, keys := access.RequestTags(x.call.Params, r.Resource)
	entity, known := x.subject.named[r.Resource]
	tagging := r.Action == createTags && x.call.EventName != "CreateTags"
	boundary, _ := x.call.Params["PermissionsBoundary"].(string)
	if boundary == "" {
		boundary = entity.Boundary
	}
	if len(keys) == 0 && !known && !tagging && boundary == "" {
		return
	}
	r.Context = r.Context.Clone()
	for key, value := range values {
		r.Context.Set("aws:RequestTag/"+key, value)
	}
	if len(keys) > 0 {
		r.Context.Set("aws:TagKeys", keys...)
	}
	if tagging {
		r.Context.Set("ec2:CreateAction", x.call.EventName)
	}
	for _, tag := range entity.Tags {
		r.Context.Set("aws:ResourceTag/"+tag.Key, tag.Value)
		r.Context.Set("iam:ResourceTag/"+tag.Key, tag.Value)
	}
	if boundary != "" && x.serviceID() == "iam" {
		r.Context.Set("iam:PermissionsBoundary", boundary)
	}
}
